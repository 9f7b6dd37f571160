import { mkdir, open, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StoreFiles } from "../disk/store-files.ts";
import { writeAside } from "../store/durable.ts";
import { LockLostError, NotYetError } from "./errors.ts";
import { IdleWatch } from "./idle-watch.ts";
import { MinuteLock } from "./minute-lock.ts";
import { MinuteFixture } from "./testing/minute-fixture.ts";

const files = new StoreFiles();

const PACE = { heartbeatMs: 50, staleMs: 15_000 };

let minute: MinuteFixture;
let nowMs: number;
let watch: IdleWatch;

beforeEach(async () => {
  minute = await MinuteFixture.create();
  await mkdir(dirname(minute.path("mp4")), { recursive: true });
  nowMs = 0;
  watch = new IdleWatch(() => nowMs);
});

afterEach(() => minute.remove());

/** Takes the lock over like another converter that has watched it for long enough. */
async function takeOver(): Promise<MinuteLock> {
  await expect(MinuteLock.acquire(files, minute.job, watch, PACE)).rejects.toThrow(NotYetError);
  nowMs += 16_000;
  return await MinuteLock.acquire(files, minute.job, watch, PACE);
}

test("one converter at a time holds a minute, and leaves nothing behind", async () => {
  const lock = await MinuteLock.acquire(files, minute.job, watch, PACE);
  await lock.verify();
  await expect(MinuteLock.acquire(files, minute.job, watch, PACE)).rejects.toThrow(NotYetError);
  await lock.release();
  const next = await MinuteLock.acquire(files, minute.job, watch, PACE);
  await next.release();
  expect(await readdir(dirname(minute.path("mp4")))).toEqual([]);
});

/** Waits until the modification time of the only file in the folder has changed. */
async function hasBeaten(): Promise<void> {
  const folder = dirname(minute.path("mp4"));
  const [name] = await readdir(folder);
  const beat = async () => (await stat(join(folder, name as string))).mtimeMs;
  const before = await beat();
  await vi.waitUntil(async () => (await beat()) !== before, { timeout: 20_000, interval: 10 });
}

test("a lock whose heart beats is never taken over", async () => {
  const lock = await MinuteLock.acquire(files, minute.job, watch, PACE);
  for (let i = 0; i < 3; i++) {
    await expect(MinuteLock.acquire(files, minute.job, watch, PACE)).rejects.toThrow(NotYetError);
    await hasBeaten();
    nowMs += 14_000;
  }
  await lock.verify();
  await lock.release();
});

test("who was frozen before the temporary file was created finds out that the lock is another's", async () => {
  const frozen = await MinuteLock.acquire(files, minute.job, watch, PACE);
  const other = await takeOver();
  const writing = writeAside(files, minute.path("mp4"), async (file) => {
    await file.writeFile("older view");
    await frozen.verify();
  });
  await expect(writing).rejects.toThrow(LockLostError);
  await frozen.release();
  await other.verify();
  await other.release();
  expect(await readdir(dirname(minute.path("mp4")))).toEqual([]);
});

test("who was frozen between looking at the lock and renaming cannot rename any more", async () => {
  const frozen = await MinuteLock.acquire(files, minute.job, watch, PACE);
  let thaw = () => {};
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  let looked = () => {};
  const hasLooked = new Promise<void>((resolve) => {
    looked = resolve;
  });
  const writing = writeAside(files, minute.path("mp4"), async (file) => {
    await file.writeFile("older view");
    await frozen.verify();
    looked();
    await thawed;
  });
  await hasLooked;
  const other = await takeOver();
  await writeAside(files, minute.path("mp4"), (file) => file.writeFile("newer view"));
  await other.release();
  thaw();
  await expect(writing).rejects.toThrow("ENOENT");
  expect(await readFile(minute.path("mp4"), "utf8")).toBe("newer view");
  await frozen.release();
});

test("of two who take a stale lock over at once, one at most still holds it afterwards", async () => {
  const frozen = await MinuteLock.acquire(files, minute.job, watch, PACE);
  await expect(MinuteLock.acquire(files, minute.job, watch, PACE)).rejects.toThrow(NotYetError);
  nowMs += 16_000;
  const both = await Promise.allSettled([
    MinuteLock.acquire(files, minute.job, watch, PACE),
    MinuteLock.acquire(files, minute.job, watch, PACE),
  ]);
  const locks = [frozen];
  for (const each of both) {
    if (each.status === "fulfilled") locks.push(each.value);
    else expect(each.reason).toBeInstanceOf(NotYetError); // so late that it found the other's lock
  }
  const verified = await Promise.allSettled(locks.map((lock) => lock.verify()));
  expect(verified.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(verified[0]?.status).toBe("rejected");
  for (const lock of locks) await lock.release();
});

test("the watch tells how long a file has not changed, by the monotonic clock", async () => {
  const path = minute.path("mp4");
  await writeFile(path, "x");
  expect(watch.unchangedMs(path, await stat(path))).toBe(0);
  nowMs += 500;
  expect(watch.unchangedMs(path, await stat(path))).toBe(500);
  const file = await open(path, "a");
  await file.appendFile("y");
  await file.close();
  nowMs += 500;
  expect(watch.unchangedMs(path, await stat(path))).toBe(0);
  await rename(path, `${path}.old`);
  await writeFile(path, "xy");
  nowMs += 500;
  expect(watch.unchangedMs(path, await stat(path))).toBe(0);
});
