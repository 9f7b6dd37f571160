import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messageOf } from "../../../shared/disk/no-space.ts";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { FewInodesDisk } from "../../../tests/support/few-inodes-disk.ts";
import { frameNumber, Recording, readChunks } from "../testing/recording.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { ChunkRecorder } from "./chunk-recorder.ts";

const files = new StoreFiles();

const INODES = 256;
/** One sixteenth of the inodes is kept for conversions. */
const RESERVED = 16;

let disk: FewInodesDisk;
beforeAll(() => {
  disk = new FewInodesDisk(INODES);
});
afterAll(() => disk.remove());

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("out of inodes is told as that, room is asked for, and all that came meanwhile is written when there are some", async () => {
  const directory = join(disk.path, "yard");
  const recording = new Recording("2026-07-01T12:00:05Z");
  const trouble: (Error | undefined)[] = [];
  const asked: string[] = [];
  const disks = recordingDisks({ roomWanted: (directory) => asked.push(directory) });
  const recorder = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 32 * 1024 * 1024,
    syncIntervalMs: 5000,
    disks,
    closed: () => {},
    trouble: (error) => trouble.push(error),
  });
  recorder.begin({
    origin: { recorder: "host:1:abc", session: 1, boot: "boot" },
    written: (bytes) => recording.buffer.recycle(bytes.fill(0xdd)),
  });
  const push = () => {
    for (const steps of recording.run(2, 5, 400_000, 3000)) recorder.push(steps);
  };

  disk.fill(0); // before anything is known of the disk: creating the first file fails with ENOSPC
  push();
  await until(() => trouble.length > 0);
  expect(trouble[0]).toMatchObject({ code: "ENOSPC", message: expect.stringContaining("out of inodes, not of bytes") });
  expect(asked).toEqual([directory]);
  // A second later the number of free inodes is known: the last ones are left to conversions.
  await until(() => trouble.length > 1);
  expect(trouble[1]?.message).toContain(`the last ${RESERVED} of ${INODES} are kept for conversions`);
  expect(await readChunks(directory).catch(() => new Map())).toEqual(new Map());

  disk.makeRoom();
  await until(() => trouble.at(-1) === undefined);
  recorder.push(recording.planner.end());
  expect(await recorder.stop(20_000)).toBe(0);
  const chunks = [...(await readChunks(directory)).values()];
  const frames = chunks.flatMap(({ blocks }) => blocks.filter(({ kind }) => kind === 0));
  expect(frames.map(frameNumber)).toEqual(Array.from({ length: recording.sent }, (_, n) => n));
});

test("of an ENOSPC the converter says as well that it is for want of inodes, and of no other error", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  expect(await messageOf(files, full, disk.path)).toBe("ENOSPC: no space left on device");
  disk.fill(0);
  expect(await messageOf(files, full, disk.path)).toMatch(
    /^the disk is out of inodes, not of bytes.*\(ENOSPC: no space/,
  );
  expect(await messageOf(files, full, join(disk.path, "nowhere"))).toBe(full.message);
  expect(await messageOf(files, new Error("EIO"), disk.path)).toBe("EIO");
  disk.makeRoom();
});
