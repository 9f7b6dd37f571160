import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atPace, type ClipUnit, makeClip, origin } from "../../tests/support/chunk-maker.ts";
import { readFrames } from "../../tests/support/mp4-evidence.ts";
import { H264 } from "../codec/h264/h264.ts";
import { joinWithLengths, splitAnnexB } from "../codec/nal-units.ts";
import { writeMovieHead } from "./movie-writer.ts";
import { layOutTimes, TIMESCALE } from "./sample-times.ts";

const START_US = 1_795_000_000_000_000;
const FRAME_US = 40_000;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-cut-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * The mp4 of a recording that ended after these access units; `shiftUs` moves each of them from a constant frame rate.
 */
function movieOf(clip: readonly ClipUnit[], shiftUs = (_: number) => 0): { bytes: Buffer; captureTimesUs: number[] } {
  const units = atPace([...clip], START_US, 25).map((unit, i) => ({ ...unit, timeUs: unit.timeUs + shiftUs(i) }));
  const configuration = H264.configurationOf(splitAnnexB(units[0]?.data as Buffer));
  if (configuration === undefined) throw new Error("no parameter sets");
  const samples = units.map(({ data }) => joinWithLengths(splitAnnexB(data)));
  const timesUs = Float64Array.from(units, ({ timeUs }) => timeUs);
  const endUs = Math.max(...timesUs) + FRAME_US;
  const spans = [{ sampleCount: units.length, firstCaptureTimeUs: START_US, endUs, origin: origin("r") }];
  const head = writeMovieHead({
    tracks: [
      {
        kind: "video",
        configuration,
        timescale: TIMESCALE,
        ...layOutTimes(
          spans,
          timesUs,
          Uint8Array.from(clip, ({ isKeyframe }) => Number(isKeyframe)),
        ),
        sizes: Uint32Array.from(samples, ({ length }) => length),
        keyframes: Uint32Array.from(clip.flatMap(({ isKeyframe }, i) => (isKeyframe ? [i] : []))),
      },
    ],
    record: { spans, chunks: [] },
  });
  return { bytes: Buffer.concat([head, ...samples]), captureTimesUs: [...timesUs] };
}

test.each([1, 2, 3])(
  "a recording with %i B-frames may end anywhere: ffprobe finds nothing to warn of, and every time right",
  async (bFrames) => {
    const clip = await makeClip({ bFrames, frames: 14, gop: 6 });
    for (let length = 1; length <= clip.length; length++) {
      const { bytes, captureTimesUs } = movieOf(clip.slice(0, length));
      const path = join(folder, `${bFrames}-${length}.mp4`);
      await writeFile(path, bytes);
      const frames = await readFrames(path); // throws at a warning
      const first = Math.min(...frames.map(({ pts }) => pts));
      expect(frames.length).toBe(length);
      for (const [i, frame] of frames.entries()) {
        expect(Math.abs(frame.pts - first - ((captureTimesUs[i] as number) - START_US) / 1e6)).toBeLessThan(0.0001);
        expect(frame.pts).toBeGreaterThanOrEqual(frame.dts);
      }
    }
  },
);

test("a camera whose clock steps back by a frame, once, makes a file that ffprobe takes without a warning", async () => {
  const clip = await makeClip({ frames: 26, gop: 26 });
  const stepUs = 51_000;
  const { bytes, captureTimesUs } = movieOf(clip, (i) => (i < 12 ? 0 : -stepUs));
  const path = join(folder, "step-back.mp4");
  await writeFile(path, bytes);
  const frames = await readFrames(path); // throws at a warning
  for (const [i, frame] of frames.entries()) {
    const shown = frame.pts - (frames[0]?.pts ?? 0);
    expect(Math.abs(shown - ((captureTimesUs[i] as number) - START_US) / 1e6)).toBeLessThan(0.0001);
    expect(frame.pts).toBeGreaterThanOrEqual(frame.dts);
  }
});
