import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frameNumber, Recording, readChunks } from "../testing/recording.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { ChunkRecorder } from "./chunk-recorder.ts";

const mountPoint = mkdtempSync(join(tmpdir(), "small-disk-"));
const directory = join(mountPoint, "yard");
const filler = join(mountPoint, "filler");

beforeAll(() => execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mountPoint])); // needs root, and fails without
afterAll(() => {
  execFileSync("umount", ["--lazy", mountPoint]);
  rmSync(mountPoint, { recursive: true });
});

/** Larger than a page, so that a new part's origin block fits on the disk while the access unit still does not. */
const SIZE = 33_010;

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a disk that runs full, twice, loses no access unit: recording goes on in the next part when there is room", async () => {
  const recording = new Recording("2026-07-01T12:00:05Z");
  const trouble: (string | undefined)[] = [];
  const closed: string[] = [];
  const recorder = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 32 * 1024 * 1024,
    syncIntervalMs: 5000,
    disks: recordingDisks(),
    closed: (minute) => closed.push(minute),
    trouble: (error) => trouble.push((error as NodeJS.ErrnoException | undefined)?.code),
  });
  recorder.begin({
    origin: { recorder: "host:1:abc", session: 1, boot: "boot" },
    written: (bytes) => recording.buffer.recycle(bytes.fill(0xdd)),
  });
  let nowMs = 10_000;
  for (let round = 0; round < 2; round++) {
    await writeFile(filler, Buffer.alloc(3_600_000 - round * 800_000));
    const before = trouble.length;
    for (const steps of recording.run(10, 5, 400_000, SIZE)) recorder.push(steps); // some 830 kB
    for (; trouble.length === before; nowMs += 10_000) {
      recorder.tick(nowMs); // also in the middle of the write that fails
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => trouble.length >= before + 2); // a retry on the full disk
    expect(trouble.slice(before)).not.toContain(undefined);
    await rm(filler);
    await until(() => trouble.at(-1) === undefined);
  }
  recorder.push(recording.planner.end());
  expect(await recorder.stop(20_000)).toBe(0);

  const chunks = [...(await readChunks(directory)).values()];
  expect(chunks.every(({ rest }) => rest === 0)).toBe(true); // torn blocks were cut off
  const frames = chunks.flatMap(({ blocks }) => blocks.filter(({ kind }) => kind === 0));
  expect(frames.map(frameNumber)).toEqual(Array.from({ length: recording.sent }, (_, n) => n));
  expect(frames.every(({ data }) => data.length === 4 + SIZE)).toBe(true);
  // Retries on a full disk leave no empty parts behind and announce none.
  expect(chunks.every(({ blocks }) => blocks.some(({ kind }) => kind === 0))).toBe(true);
  expect(chunks.length).toBe(closed.length);
  expect(chunks.at(-1)?.blocks.at(-1)?.kind).toBe(255);
});
