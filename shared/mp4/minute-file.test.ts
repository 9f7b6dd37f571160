import { execFile } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from "mediabunny";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { atPace, type ClipOptions, makeClip, origin, type TimedUnit } from "../../tests/support/chunk-maker.ts";
import { H264 } from "../codec/h264/h264.ts";
import { joinWithLengths, splitAnnexB } from "../codec/nal-units.ts";
import { Mp4Error } from "./box-reader.ts";
import type { CaptureRecord } from "./capture-record.ts";
import { readMinute, readMinuteSummary } from "./minute-file.ts";
import { parseMovie, parseMovieSummary } from "./movie-reader.ts";
import { writeMovieHead } from "./movie-writer.ts";
import { captureTimesOf, layOutTimes, TIMESCALE } from "./sample-times.ts";
import type { Track } from "./track.ts";

const run = promisify(execFile);
const START_US = 1_795_000_000_123_456;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-mp4-"));
});

afterAll(() => rm(folder, { recursive: true }));

function toSample(data: Buffer): Buffer {
  return joinWithLengths(splitAnnexB(data));
}

function movieBytes(units: TimedUnit[], keyframeFlags: boolean[], record: CaptureRecord): Buffer {
  const configuration = H264.configurationOf(splitAnnexB(units[0]?.data as Buffer));
  if (configuration === undefined) throw new Error("no parameter sets");
  const samples = units.map(({ data }) => toSample(data));
  const flags = Uint8Array.from(keyframeFlags, Number);
  const timesUs = Float64Array.from(units, ({ timeUs }) => timeUs);
  const keyframes = keyframeFlags.flatMap((isKeyframe, i) => (isKeyframe ? [i] : []));
  const head = writeMovieHead({
    tracks: [
      {
        kind: "video",
        configuration,
        timescale: TIMESCALE,
        ...layOutTimes(record.spans, timesUs, flags),
        sizes: Uint32Array.from(samples, ({ length }) => length),
        keyframes: Uint32Array.from(keyframes),
      },
    ],
    record,
  });
  return Buffer.concat([head, ...samples]);
}

async function sampleMovie(
  options: ClipOptions,
): Promise<{ path: string; units: TimedUnit[]; flags: boolean[]; record: CaptureRecord }> {
  const clip = await makeClip(options);
  const units = atPace(clip, START_US, options.framesPerSecond ?? 25);
  const flags = clip.map(({ isKeyframe }) => isKeyframe);
  const endUs = Math.max(...units.map(({ timeUs }) => timeUs)) + 40_000;
  const record: CaptureRecord = {
    spans: [{ sampleCount: units.length, firstCaptureTimeUs: START_US, endUs, origin: origin("r") }],
    chunks: [{ openedUs: START_US, sampleCount: units.length, origin: origin("r") }],
  };
  const path = join(folder, `${Math.random()}.mp4`);
  await writeFile(path, movieBytes(units, flags, record));
  return { path, units, flags, record };
}

async function withFile<T>(path: string, use: (file: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

describe.each([
  { name: "without B-frames", bFrames: 0 },
  { name: "with B-frames", bFrames: 2 },
])("a minute $name", ({ bFrames }) => {
  const options = { frames: 60, gop: 20, bFrames, slices: 2 };

  test("is read by ffprobe without a warning, each picture at its capture time", async () => {
    const { path, units, flags } = await sampleMovie(options);
    const entries = "packet=pts_time,dts_time,flags,size";
    const { stdout, stderr } = await run("ffprobe", ["-v", "warning", "-show_entries", entries, "-of", "json", path]);
    expect(stderr).toBe("");
    const { packets } = JSON.parse(stdout) as {
      packets: { pts_time: string; dts_time: string; flags: string; size: string }[];
    };
    expect(packets).toHaveLength(units.length);
    const dts = packets.map((packet) => Number(packet.dts_time));
    for (const [i, packet] of packets.entries()) {
      const wantedS = ((units[i]?.timeUs as number) - START_US) / 1e6;
      expect(Math.abs(Number(packet.pts_time) - wantedS)).toBeLessThan(0.0001);
      expect(packet.flags.startsWith("K")).toBe(flags[i]);
      expect(Number(packet.size)).toBe(units[i]?.data.length);
      if (i > 0) expect(dts[i] as number).toBeGreaterThan(dts[i - 1] as number);
      expect(dts[i] as number).toBeLessThanOrEqual(Number(packet.pts_time));
    }
  });

  test("is decoded by ffmpeg without a complaint, to as many pictures", async () => {
    const { path, units } = await sampleMovie(options);
    const { stdout, stderr } = await run("ffmpeg", ["-v", "warning", "-i", path, "-f", "framemd5", "-"]);
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => /^0,/.test(line))).toHaveLength(units.length);
  });

  test("is read by mediabunny, an independent reader, with the same times and bytes", async () => {
    const { path, units } = await sampleMovie(options);
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(await readFile(path)) });
    const track = await input.getPrimaryVideoTrack();
    if (track === null) throw new Error("no video track");
    expect(await track.getCodecParameterString()).toMatch(/^avc1\.[0-9a-f]{6}$/);
    let i = 0;
    for await (const packet of new EncodedPacketSink(track).packets()) {
      const unit = units[i++] as TimedUnit;
      expect(Math.abs(packet.timestamp - (unit.timeUs - START_US) / 1e6)).toBeLessThan(0.0001);
      expect(Buffer.from(packet.data).equals(toSample(unit.data))).toBe(true);
    }
    expect(i).toBe(units.length);
  });

  test("is read back as it was written", async () => {
    const { path, units, flags, record } = await sampleMovie(options);
    const bytes = await readFile(path);
    const movie = await withFile(path, readMinute);
    const { configuration, ...video } = movie.video;
    expect(configuration).toMatchObject({ width: 320, height: 192 });
    expect(movie.record).toEqual(record);
    expect(
      Array.from(captureTimesOf(movie.record.spans, video)).map(
        (time, i) => Math.abs(time - (units[i]?.timeUs as number)) < 12,
      ),
    ).not.toContain(false);
    expect(Array.from(video.keyframes)).toEqual(flags.flatMap((isKeyframe, i) => (isKeyframe ? [i] : [])));
    for (const [i, { data }] of units.entries()) {
      const at = video.offsets[i] as number;
      expect(bytes.subarray(at, at + (video.sizes[i] as number)).equals(toSample(data))).toBe(true);
    }
    const summary = await withFile(path, readMinuteSummary);
    expect(summary).toEqual({ configuration, durationTicks: video.durationTicks, record });
    expect(parseMovieSummary(bytes.subarray(40, 1500))).toEqual(summary);
  });
});

test("a file longer than 4 GiB gets 64-bit offsets", () => {
  const sizes = new Uint32Array(3).fill(2 ** 31);
  const spans = [{ sampleCount: 3, firstCaptureTimeUs: START_US, endUs: START_US + 3e6 }];
  const times = layOutTimes(spans, Float64Array.of(START_US, START_US + 1e6, START_US + 2e6), Uint8Array.of(1, 1, 1));
  const boxContent = Buffer.from("0142c00bffe1000467 42c00b01000268ce".replaceAll(" ", ""), "hex");
  const configuration = { codec: H264, boxContent, codecString: "avc1.42c00b", width: 16, height: 16 };
  const keyframes = Uint32Array.of(0, 1, 2);
  const track: Track = { kind: "video", configuration, timescale: TIMESCALE, ...times, sizes, keyframes };
  const head = writeMovieHead({ tracks: [track], record: { spans, chunks: [] } });
  const read = parseMovie(head.subarray(40, head.length - 16), { fileBytes: head.length + 3 * 2 ** 31 });
  expect(Array.from(read.video.offsets)).toEqual([head.length, head.length + 2 ** 31, head.length + 2 ** 32]);
});

test("damaged files end in an Mp4Error, or are read; never in a crash, a hang or a flood of memory", async () => {
  const { path } = await sampleMovie({ frames: 30, gop: 10, bFrames: 2 });
  const bytes = await readFile(path);
  const moov = bytes.subarray(40, 40 + bytes.readUInt32BE(32) - 8);
  const parseWhole = (index: Buffer) => parseMovie(index, { fileBytes: bytes.length });
  expect(parseWhole(moov).video.sizes.length).toBe(30);
  const damage = fc.array(fc.tuple(fc.nat(moov.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, fc.option(fc.nat(moov.length)), (changes, cut) => {
      const damaged = Buffer.from(cut === null ? moov : moov.subarray(0, cut));
      for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
      for (const parse of [parseWhole, parseMovieSummary]) {
        try {
          parse(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(Mp4Error);
        }
      }
    }),
    { numRuns: 3000 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), async (cut) => {
      const short = join(folder, "short.mp4");
      await writeFile(short, bytes.subarray(0, cut));
      if (cut < bytes.length) await expect(withFile(short, readMinute)).rejects.toThrow(Mp4Error);
    }),
    { numRuns: 50 },
  );
});

test("somebody else's mp4 is told from ours", async () => {
  const path = join(folder, "other.mp4");
  await run("ffmpeg", [
    "-v",
    "error",
    "-y",
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=64x64",
    "-frames:v",
    "5",
    "-movflags",
    "+faststart",
    path,
  ]);
  await expect(withFile(path, readMinute)).rejects.toThrow("was not written by Hindsight");
});
