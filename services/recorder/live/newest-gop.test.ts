import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChunkRecorder } from "../chunk/chunk-recorder.ts";
import { Recording } from "../testing/recording.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { framesIn, readGop } from "./newest-gop.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hindsight-gop-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("the newest GOP is read from the chunk: from its keyframe to the last frame pushed, across a change of minutes", async () => {
  const recording = new Recording("2026-11-24T14:33:56.000Z");
  const chunks = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 1e8,
    syncIntervalMs: 5000,
    disks: recordingDisks(),
    closed: () => {},
    trouble: () => {},
  });
  chunks.begin({ origin: { recorder: "test", session: 1, boot: "boot" }, written: () => {} });
  expect(await chunks.newestGop()).toBeUndefined();
  let checked = 0;
  for (const steps of recording.run(12, 15)) {
    chunks.push(steps);
    const place = await chunks.newestGop();
    if (place === undefined) throw new Error("no GOP");
    const frames = await readGop(place);
    const numbers = frames.map(({ bytes }) => bytes.readUInt32BE(5));
    const newest = recording.sent - 1;
    const keyframe = newest - (newest % 15);
    expect(numbers).toEqual(Array.from({ length: newest - keyframe + 1 }, (_, i) => keyframe + i));
    expect(frames.map(({ isKeyframe }) => isKeyframe)).toEqual(numbers.map((number) => number === keyframe));
    checked++;
  }
  expect(checked).toBeGreaterThan(10);
  chunks.push(recording.planner.end());
  expect(await chunks.newestGop()).toBeUndefined();
  await chunks.stop(1000);
});

test("whatever bytes stand there, reading frames from them ends and throws nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const total = framesIn(Buffer.from(bytes)).reduce((sum, frame) => sum + frame.bytes.length, 0);
      expect(total).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
