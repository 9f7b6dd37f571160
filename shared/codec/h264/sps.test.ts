import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { displaySize } from "../display-size.ts";
import { splitAnnexB } from "../nal-units.ts";
import { NalType, nalType } from "./nal.ts";
import { parseSps, SpsError } from "./sps.ts";

const run = promisify(execFile);

interface Judged {
  width: number;
  height: number;
  level: number;
  profile: string;
  r_frame_rate: string;
  sample_aspect_ratio?: string;
  color_range?: string;
  color_primaries?: string;
  color_transfer?: string;
  color_space?: string;
}

/** ffprobe's names for code points of ISO/IEC 23091-2. */
const CODE_POINTS: Record<string, number> = { bt709: 1, bt470bg: 5, smpte170m: 6, "iec61966-2-1": 13 };
const codePoint = (name: string | undefined) => (name === undefined ? 2 : CODE_POINTS[name]);

const PROFILES: Record<string, number> = {
  "Constrained Baseline": 66,
  Main: 77,
  High: 100,
  "High 10": 110,
  "High 4:2:2": 122,
  "High 4:4:4 Predictive": 244,
};

/** Encodes two pictures as raw H.264 with ffmpeg; also returns what ffprobe says of them. */
async function encode(size: string, args: string[]): Promise<{ sps: Buffer; judged: Judged }> {
  const input = ["-v", "error", "-f", "lavfi", "-i", `color=s=${size}:r=25:d=0.08`];
  const encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1"];
  const { stdout } = await run("ffmpeg", [...input, ...encoder, ...args, "-f", "h264", "-"], { encoding: "buffer" });
  const probing = run("ffprobe", ["-v", "error", "-f", "h264", "-show_streams", "-of", "json", "-"]);
  probing.child.stdin?.end(stdout);
  const judged: Judged = JSON.parse((await probing).stdout).streams[0];
  const sps = splitAnnexB(stdout).find((nal) => nalType(nal[0] as number) === NalType.sps);
  if (sps === undefined) throw new Error("ffmpeg made no SPS");
  return { sps, judged };
}

describe("parseSps (ITU-T H.264 §7.3.2.1.1) says what ffprobe says of", () => {
  test.each([
    ["1920x1080", ["-preset", "medium"]],
    ["1280x720", ["-preset", "medium", "-profile:v", "main"]],
    ["640x480", ["-profile:v", "baseline"]],
    ["3840x2160", []],
    ["352x288", ["-flags", "+ilme+ildct"]],
    ["1920x1080", ["-flags", "+ilme+ildct"]],
    ["322x182", ["-pix_fmt", "yuv422p"]],
    ["321x181", ["-pix_fmt", "yuv444p"]],
    ["322x182", ["-pix_fmt", "gray"]],
    ["322x182", ["-pix_fmt", "yuv420p10le"]],
    ["704x576", ["-vf", "setsar=1234/1233"]],
    ["640x360", ["-preset", "medium", "-x264-params", "cqm=jvt"]],
    ["704x576", ["-vf", "setsar=16/11"]],
    ["352x240", ["-vf", "setsar=10/11"]],
    ["480x576", ["-vf", "setsar=2/1"]],
    ["320x240", ["-vf", "setsar=1/1", "-pix_fmt", "yuvj420p", "-color_range", "pc"]],
    ["1920x1080", "-color_primaries bt470bg -color_trc iec61966-2-1 -colorspace smpte170m -color_range tv".split(" ")],
    ["640x360", ["-color_primaries", "bt709", "-colorspace", "bt709", "-x264-params", "overscan=show:chromaloc=1"]],
  ])("%s %j", async (size, args) => {
    const { sps, judged } = await encode(size, args);
    const parsed = parseSps(sps);
    const [rate = 0, per = 1] = judged.r_frame_rate.split("/").map(Number);
    expect(parsed).toMatchObject({ width: judged.width, height: judged.height, levelIdc: judged.level });
    if (!args.includes("-flags")) expect(parsed.framesPerSecond).toBeCloseTo(rate / per, 3); // fields are counted there
    expect(parsed.profileIdc).toBe(PROFILES[judged.profile]);
    expect(parsed.codec).toBe(`avc1.${sps.toString("hex", 1, 4)}`);
    const { horizontal, vertical } = parsed.pixelAspect ?? { horizontal: 1, vertical: 1 };
    expect(`${horizontal}:${vertical}`).toBe((judged.sample_aspect_ratio ?? "1:1").replace(/^0:1$/, "1:1"));
    const { isFullRange = false, primaries = 2, transfer = 2, matrix = 2 } = parsed.colour ?? {};
    expect(isFullRange).toBe(judged.color_range === "pc");
    const told = [judged.color_primaries, judged.color_transfer, judged.color_space].map(codePoint);
    expect([primaries, transfer, matrix]).toEqual(told);
  });
});

/** An SPS whose VUI holds only the sample aspect ratio, built bit by bit after §7.3.2.1.1 and §E.1.1. */
function spsWithAspect(width: number, height: number): Buffer {
  const ue = (value: number) => (value + 1).toString(2).padStart(2 * (value + 1).toString(2).length - 1, "0");
  const u16 = (value: number) => value.toString(2).padStart(16, "0");
  const picture = [0, 0, 0, 0, 1].map(ue).join(""); // id, frame number, picture order (type, bits), reference frames
  const size = `0${ue(43)}${ue(35)}110`; // 704 x 576, frames only, direct_8x8_inference, no cropping
  const vui = `1111111111${u16(width)}${u16(height)}0000000`; // Extended_SAR, and nothing else
  const bits = `${picture}${size}${vui}1`;
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) as string[];
  return Buffer.from([0x67, 0x42, 0xc0, 0x1e, ...bytes.map((byte) => Number.parseInt(byte, 2))]);
}

describe("parseSps takes pixels for square", () => {
  test.each([
    [1, 1],
    [0, 0],
    [0, 11],
    [16, 0],
    [65_535, 1],
    [1, 65_535],
    [4, 1],
  ])("of %d:%d", (horizontal, vertical) => {
    const sps = parseSps(spsWithAspect(horizontal, vertical));
    expect(sps).toMatchObject({ width: 704, height: 576 });
    expect(sps.pixelAspect).toBeUndefined();
  });

  test("where the ratio is cut off; not where what follows is", () => {
    const whole = spsWithAspect(40, 33);
    expect(parseSps(whole).pixelAspect).toEqual({ horizontal: 40, vertical: 33 });
    expect(parseSps(whole.subarray(0, -1)).pixelAspect).toEqual({ horizontal: 40, vertical: 33 });
    expect(parseSps(whole.subarray(0, -3))).toMatchObject({ width: 704, height: 576 });
    expect(parseSps(whole.subarray(0, -3)).pixelAspect).toBeUndefined();
  });
});

describe("parseSps refuses", () => {
  test("what is no SPS, and an SPS that is cut off before its size", () => {
    const sps = Buffer.from("67640028acd940780227e5c05a808080a0000003002000000781e30632c0", "hex");
    expect(parseSps(sps)).toMatchObject({ width: 1920, height: 1080 });
    for (let length = 0; length < 9; length++) expect(() => parseSps(sps.subarray(0, length))).toThrow(SpsError);
    for (const type of [0x68, 0x65, 0x00])
      expect(() => parseSps(Buffer.from([type, ...sps.subarray(1)]))).toThrow(SpsError);
  });

  test("nothing else than by an SpsError, whatever comes, and gives sizes that exist", () => {
    const sps = Buffer.from("67640028acd940780227e5c05a808080a0000003002000000781e30632c0", "hex");
    const random = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.concat([Buffer.from([0x67]), bytes]));
    const mutated = fc
      .array(fc.tuple(fc.nat(sps.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const copy = Buffer.from(sps);
        for (const [at, value] of changes) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(random, mutated), (bytes) => {
        try {
          const { width, height, framesPerSecond, pixelAspect } = parseSps(bytes);
          for (const side of [width, height]) expect(side > 0 && side <= 16_384 && Number.isInteger(side)).toBe(true);
          const shown = displaySize({ width, height }, pixelAspect);
          // Track headers have 16 bits for each side.
          for (const side of [shown.width, shown.height]) expect(side > 0 && side <= 0xffff).toBe(true);
          expect(shown.width >= width && shown.height >= height).toBe(true);
          expect(framesPerSecond === undefined || (framesPerSecond > 0 && framesPerSecond <= 1000)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SpsError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
