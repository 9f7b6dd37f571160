import { describe, expect, test } from "vitest";
import { LARGEST_PIXELS } from "../../pictures/picture-size.ts";
import { joinWithLengths, splitLengths } from "../nal-units.ts";
import { videoCodecOfBlock, videoCodecOfSampleEntry } from "../video-codecs.ts";
import { displaySizeOf, isSameConfiguration, isSameFormat } from "../video-configuration.ts";
import { H264 } from "./h264.ts";

const SPS = Buffer.from("6742c01fd9005005bb011000000300100000030300f1832480", "hex");
const OTHER_SPS = Buffer.from("6742c01ed9005005bb011000000300100000030300f1832480", "hex");
const PPS = Buffer.from("68cb83cb20", "hex");
const IDR = Buffer.from("65888040", "hex");
const P_SLICE = Buffer.from("41888040", "hex");

describe("H.264", () => {
  test("is found by the kind of its blocks and the type of its sample entry, and nothing else is", () => {
    expect(videoCodecOfBlock(0)).toBe(H264);
    expect(videoCodecOfSampleEntry("avc1")).toBe(H264);
    expect([1, 253, 254, 255].map(videoCodecOfBlock)).toEqual(Array(4).fill(undefined));
    expect(["hvc1", "avc3", "mp4a", ""].map(videoCodecOfSampleEntry)).toEqual(Array(4).fill(undefined));
  });

  test("has the configuration that its parameter sets give, and reads it again from a file", () => {
    const configuration = H264.configurationOf([SPS, PPS, IDR]);
    if (configuration === undefined) throw new Error("no configuration");
    expect(configuration).toMatchObject({ codec: H264, codecString: "avc1.42c01f", width: 1280, height: 720 });
    const { boxContent, width, height } = configuration;
    expect(H264.readConfiguration(boxContent, { width, height })).toEqual(configuration);
    expect(H264.parameterSetsIn(boxContent)).toEqual([SPS, PPS]);
    expect(displaySizeOf(configuration)).toEqual({ width, height });
    const other = H264.configurationOf([OTHER_SPS, PPS]);
    if (other === undefined) throw new Error("no configuration");
    expect([isSameConfiguration(configuration, other), isSameFormat(configuration, other)]).toEqual([false, true]);
  });

  test("has none without both kinds of sets, nor of damaged ones, and none of this throws", () => {
    expect(H264.configurationOf([SPS, IDR])).toBeUndefined();
    expect(H264.configurationOf([PPS, IDR])).toBeUndefined();
    for (let length = 1; length <= 8; length++) {
      expect(H264.configurationOf([SPS.subarray(0, length), PPS])).toBeUndefined();
    }
    const whole = H264.configurationOf([SPS, PPS])?.boxContent as Buffer;
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      expect(H264.readConfiguration(cut, { width: 1280, height: 720 })).toBeUndefined();
      expect(H264.pictureFormatOf(cut)).toEqual({});
      expect(H264.parameterSetsIn(cut)).toEqual(length < 8 + SPS.length ? [] : [SPS]);
    }
  });

  test("can be begun at an IDR picture, and at nothing else", () => {
    expect(H264.randomAccessOfNals([SPS, PPS, IDR])).toBe("clean");
    expect(H264.randomAccessOfNals([SPS, PPS, P_SLICE])).toBe("none");
    expect(H264.randomAccessOfNals([])).toBe("none");
  });

  test("tells the size of its pictures before cropping, and of damaged sets nothing", () => {
    expect([...H264.codedSizesIn([SPS.subarray(0, 6), IDR, SPS])]).toEqual([{ width: 1280, height: 720 }]);
    expect(LARGEST_PIXELS).toBe(8192 * 4352);
  });
});

test("NAL units behind their lengths are found again; of a sample that is cut short those that are whole", () => {
  const sample = joinWithLengths([SPS, PPS, IDR]);
  expect(splitLengths(sample)).toEqual({ nals: [SPS, PPS, IDR], restBytes: 0 });
  for (let length = 0; length < sample.length; length++) {
    const { nals, restBytes } = splitLengths(sample.subarray(0, length));
    const whole = nals.reduce((sum, nal) => sum + 4 + nal.length, 0);
    expect(nals).toEqual([SPS, PPS, IDR].slice(0, nals.length));
    expect(whole + restBytes).toBe(length);
  }
});
