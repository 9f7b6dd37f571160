import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ReapedLog } from "../../services/reaper/reaped-log.ts";
import { ChunkRecorder } from "../../services/recorder/chunk/chunk-recorder.ts";
import { Recording, readChunks } from "../../services/recorder/testing/recording.ts";
import { recordingDisks } from "../../services/recorder/testing/recording-disks.ts";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { clip, FINISHED, MinuteFixture, START_US, tools } from "../../shared/conversion/testing/minute-fixture.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { rememberCameraDirectory } from "../../shared/store/directories.ts";
import { atPace } from "../support/chunk-maker.ts";
import { FaultyDisk } from "./support/faulty-disk.ts";

// A file system that cannot sync folders (FUSE), like some network file systems.
const files = new StoreFiles();
let folder: string;
let disk: FaultyDisk;
const told: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-folder-sync-"));
  disk = await FaultyDisk.create(folder, "disk");
  files.disks.onFoldersNotSynced = (mountPoint) => told.push(mountPoint);
});
afterEach(() => disk.fail());
afterAll(async () => {
  await disk.remove();
  await rm(folder, { recursive: true, force: true });
});

test.each(["EINVAL", "EOPNOTSUPP", "EBADF"])(
  "%s for a folder is passed over, told once, and over when it works",
  async (code) => {
    told.length = 0;
    await disk.fail(`fsyncdir ${code}`);
    await files.syncFolder(disk.mountPoint);
    await files.syncFolder(disk.mountPoint);
    expect(told).toEqual([disk.mountPoint]);
    expect(files.disks.foldersNotSynced()).toEqual([disk.mountPoint]);
    await disk.fail();
    await files.syncFolder(disk.mountPoint);
    expect(files.disks.foldersNotSynced()).toEqual([]);
  },
);

test.each(["EIO", "ENOSPC", "EROFS", "EACCES"])("%s for a folder is never passed over", async (code) => {
  told.length = 0;
  await disk.fail(`fsyncdir ${code}`);
  await expect(files.syncFolder(disk.mountPoint)).rejects.toMatchObject({ code });
  await disk.fail("opendir EINVAL"); // an error of opening is not an error of syncing
  await expect(files.syncFolder(disk.mountPoint)).rejects.toMatchObject({ code: "EINVAL" });
  expect(told).toEqual([]);
});

test("a camera is recorded into one chunk, and its minute is converted: no attempt fails, nothing goes to quarantine", async () => {
  await disk.fail("fsyncdir EINVAL");
  const recording = new Recording("2026-07-01T12:00:05Z");
  const trouble: unknown[] = [];
  const directory = join(disk.mountPoint, "yard");
  const recorder = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 32 * 1024 * 1024,
    syncIntervalMs: 5000,
    disks: recordingDisks(),
    closed: () => {},
    trouble: (error) => trouble.push(error),
  });
  recorder.begin({ origin: { recorder: "host:1:abc", session: 1, boot: "boot" }, written: () => {} });
  let nowMs = 10_000;
  for (const steps of recording.run(10, 5, 400_000, 3000)) {
    recorder.push(steps);
    recorder.tick(nowMs);
    nowMs += 5000;
    await recorder.newestGop(); // everything is written, and the sync has started
  }
  recorder.push(recording.planner.end());
  expect(await recorder.stop(20_000)).toBe(0);
  expect(trouble).toEqual([]);
  expect([...(await readChunks(directory)).keys()]).toHaveLength(1);

  const minute = await MinuteFixture.create(disk.mountPoint);
  const units = atPace(await clip({}), START_US);
  await minute.put(1, units);
  expect(await convertMinute(minute.job, tools())).toEqual({
    chunks: 1,
    samples: units.length,
    quarantined: [],
    later: [],
  });
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames(units);
});

test("the list of camera directories and the log of deletions are written there, too", async () => {
  await disk.fail("fsyncdir EINVAL");
  const root = join(disk.mountPoint, "root");
  await rememberCameraDirectory(files, root, { camera: "yard", directory: "/mnt/yard" });
  expect(await readdir(join(root, ".cameras"))).toHaveLength(1);
  const log = new ReapedLog(files, root);
  const at = "2026-11-24T14:00:00.000Z";
  const entry = { at, camera: "yard", minute: "20260101.1200", directory: "/mnt/yard", reason: "age" as const };
  await log.write({ ...entry, unconverted: false, files: ["a"] });
  expect(await log.find("yard", "20260101.1200")).toHaveLength(1);
});
