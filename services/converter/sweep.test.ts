import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isMachineTrouble } from "../../shared/conversion/errors.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { MINUTE, MinuteFixture, tools } from "../../shared/conversion/testing/minute-fixture.ts";
import { NotMountedError } from "../../shared/disk/not-mounted-error.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { minuteAt } from "../../shared/time/minute.ts";
import { LaterFootage } from "./later-footage.ts";
import { Sweep } from "./sweep.ts";

const files = new StoreFiles();

let minute: MinuteFixture;
let nowMs: number;
let later: LaterFootage;
let sweep: Sweep;

beforeEach(async () => {
  minute = await MinuteFixture.create();
  nowMs = 0;
  later = new LaterFootage(
    () => {},
    () => nowMs,
  );
  sweep = new Sweep(files, new IdleWatch(() => nowMs), later);
});

afterEach(() => minute.remove());

async function put(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "");
}

const run = () => sweep.run([{ camera: "cam", directory: minute.directory }]);

test("each minute that is over and has chunks gets one job, the oldest first; the current one none", async () => {
  const day = join(minute.directory, "20251124");
  await put(minute.chunk(2));
  await put(minute.chunk(1));
  await put(join(day, "cam.20251124.0101.chunk"));
  await put(join(day, "cam.20251124.0102.mp4"));
  await put(join(day, "other.20251124.0103.chunk"));
  await put(join(minute.directory, "20251125", "cam.20251125.0000.chunk"));
  await put(join(minute.directory, "quarantine", "cam.20251124.0104.chunk"));
  const now = minuteAt(Date.now() * 1000);
  await put(join(minute.directory, now.slice(0, 8), `cam.${now}.chunk`));
  const result = await run();
  expect(result.jobs.map((job) => job.minute)).toEqual(["20251124.0101", MINUTE, "20251125.0000"]);
  expect(result.jobs[1]).toEqual(minute.job);
  expect(result.backlog).toBe(4);
  expect(result.unreadable).toEqual([]);
});

test("a chunk that appears in a folder that had nothing to do is found", async () => {
  await put(minute.path("mp4"));
  const day = dirname(minute.path("mp4"));
  await utimes(day, 1000, 1000);
  expect((await run()).jobs).toEqual([]);
  expect((await run()).jobs).toEqual([]);
  await put(minute.chunk(1));
  expect((await run()).jobs).toHaveLength(1);
  expect((await run()).jobs).toHaveLength(1);
});

test("a temporary file goes when it is 10 minutes old and was seen not to grow; never a younger one", async () => {
  const stray = join(dirname(minute.path("mp4")), `.cam.${MINUTE}.mp4.0123456789ab.tmp`);
  const young = join(dirname(minute.path("mp4")), `.cam.${MINUTE}.mp4.ba9876543210.tmp`);
  await put(stray);
  await put(young);
  await utimes(stray, new Date(Date.now() - 700_000), new Date(Date.now() - 700_000));
  await run();
  expect(await readdir(dirname(stray))).toHaveLength(2);
  nowMs += 61_000;
  await run();
  expect(await readdir(dirname(stray))).toEqual([`.cam.${MINUTE}.mp4.ba9876543210.tmp`]);
});

test("a directory that is not there is empty; one that cannot be read is told", async () => {
  const file = join(minute.directory, "file");
  await writeFile(file, "");
  const result = await sweep.run([
    { camera: "cam", directory: join(minute.directory, "nowhere") },
    { camera: "cam", directory: file },
  ]);
  expect(result.unreadable.map(({ path }) => path)).toEqual([file]);
});

test("below a mount point at which nothing is mounted there are no jobs, that is told, and what was queued waits", async () => {
  await put(minute.chunk(1));
  files.disks.requireMounts([minute.directory]);
  try {
    const result = await run();
    expect(result.jobs).toEqual([]);
    expect(result.unreadable).toEqual([{ path: minute.directory, error: expect.any(NotMountedError) }]);
    const converting = convertMinute(minute.job, { ...tools(), files });
    await expect(converting).rejects.toThrow("no disk is mounted");
    await converting.catch((error: unknown) => expect(isMachineTrouble(error)).toBe(true));
  } finally {
    files.disks.requireMounts([]);
  }
  expect(await minute.names()).toEqual([basename(minute.chunk(1))]);
  expect((await run()).jobs).toEqual([minute.job]);
});

test("chunks that wait for a later version get no job until it is time to look again, and are forgotten when they are gone", async () => {
  await put(minute.chunk(1));
  later.note({ path: minute.chunk(1), reason: "blocks of kind 1" });
  const waiting = await run();
  expect(waiting.jobs).toEqual([]);
  expect(waiting.backlog).toBe(1);
  await put(minute.chunk(2));
  expect((await run()).jobs).toEqual([minute.job]); // another part has come
  await rm(minute.chunk(2));
  nowMs += 11 * 60_000;
  expect((await run()).jobs).toEqual([minute.job]);
  expect(later.problems()[0]).toMatch(/kind 1.*upgrade the converter/);
  await rm(minute.chunk(1));
  await run();
  expect(later.problems()).toEqual([]);
});
