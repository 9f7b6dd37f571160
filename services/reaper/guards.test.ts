import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { keepPath, minuteLockPath, spriteSheetPath } from "../../shared/store/names.ts";
import { DAY_MS, hourOf } from "../../shared/time/minute.ts";
import { DaySizes } from "./day-sizes.ts";
import { finishInterrupted } from "./interrupted.ts";
import { ReapedLog } from "./reaped-log.ts";
import {
  cameraConfig,
  configOf,
  minutesAgo,
  pass,
  SmallDisk,
  writeChunk,
  writeDays,
  writeMinute,
  writeOld,
} from "./testing.ts";

const storeFiles = new StoreFiles();

const MB = 1024 * 1024;
let root: string;
let disks: SmallDisk[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hindsight-reaper-"));
  disks = [];
});

afterEach(() => {
  for (const disk of disks) disk.remove();
  rmSync(root, { recursive: true, force: true });
});

function smallDisk(): string {
  const disk = new SmallDisk();
  disks.push(disk);
  return disk.path;
}

const aged = (directory: string) => configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 });

test("a minute with a keep mark stays, by age, size and space, and goes when the mark is taken away", async () => {
  const directory = writeDays(join(smallDisk(), "a"), 10);
  const [kept] = writeMinute(directory, "a", minutesAgo(9000), 3 * MB) as [string];
  const mark = writeOld(keepPath(directory, "a", minutesAgo(9000)), "", 0);
  const config = configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1, maxBytes: 1, minFreePercent: 90 });
  expect((await pass(config)).removed).toEqual([]);
  expect(existsSync(kept)).toBe(true);
  unlinkSync(mark);
  expect((await pass(config)).removed).toEqual([`a.${minutesAgo(9000)}`]);
});

test("a day's folder that is a link out of the camera's directory is left alone, and told", async () => {
  const directory = writeDays(join(smallDisk(), "a"), 10);
  const outside = writeDays(join(smallDisk(), "somebody"), 1);
  const [video] = writeMinute(outside, "a", minutesAgo(20_000)) as [string];
  symlinkSync(dirname(video), join(directory, basename(dirname(video))));
  const [old] = writeMinute(directory, "a", minutesAgo(9000)) as [string];
  const { removed, problems } = await pass(aged(directory));
  expect(removed).toEqual([`a.${minutesAgo(9000)}`]);
  expect([existsSync(old), existsSync(video)]).toEqual([false, true]);
  expect(problems.join()).toContain("is a link that leads out of the camera's directory");
});

test("a mark that comes while the pass is under way is honoured", async () => {
  const directory = writeDays(join(root, "a"), 10);
  for (const age of [9001, 9000]) writeMinute(directory, "a", minutesAgo(age));
  let asked = 0;
  const { removed } = await pass(aged(directory), {
    mayGoOn() {
      if (++asked === 2) writeFileSync(keepPath(directory, "a", minutesAgo(9000)), "");
      return true;
    },
  });
  expect(removed).toEqual([`a.${minutesAgo(9001)}`]);
});

test("a minute that a converter holds the lock of stays; a lock that was left behind keeps nothing", async () => {
  const directory = writeDays(join(root, "a"), 10);
  for (const age of [9001, 9000]) writeMinute(directory, "a", minutesAgo(age));
  writeOld(minuteLockPath(directory, "a", minutesAgo(9001)), "", 0);
  writeOld(minuteLockPath(directory, "a", minutesAgo(9000)), "", 600);
  expect((await pass(aged(directory))).removed).toEqual([`a.${minutesAgo(9000)}`]);
});

test("a clock that ran ahead by decades deletes nothing by age, not even after its first minutes of recording", async () => {
  const directory = writeDays(join(root, "a"), 3);
  const files = writeMinute(directory, "a", minutesAgo(200));
  const nowMs = Date.UTC(2100, 0, 5, 12);
  for (const recorded of [false, true]) {
    if (recorded) writeMinute(directory, "a", "21000105.1150");
    const { removed, problems } = await pass(aged(directory), { nowMs });
    expect(removed).toEqual([]);
    expect(problems).toEqual([expect.stringContaining("see whether the clock is right")]);
  }
  expect(files.every((path) => existsSync(path))).toBe(true);
});

test("a clock that starts in 1970 deletes nothing, and that is told", async () => {
  const directory = writeDays(join(smallDisk(), "a"), 3);
  writeMinute(directory, "a", minutesAgo(200), 3 * MB);
  const config = configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1, minFreePercent: 90 });
  const { removed, problems } = await pass(config, { nowMs: DAY_MS / 2 });
  expect(removed).toEqual([]);
  expect(problems).toContainEqual(expect.stringContaining("the machine's clock is behind"));
});

test("a camera that has more than its maxBytes loses its own oldest minutes, and no other camera any", async () => {
  const disk = smallDisk();
  const cameras = [cameraConfig("a", join(disk, "a"), { maxBytes: 90 * MB }), cameraConfig("b", join(disk, "b"))];
  for (let i = 0; i < 3; i++) {
    for (const { id, directory } of cameras) writeMinute(directory, id, minutesAgo(3000 - i), MB);
  }
  const { removed, reasons } = await pass(configOf(root, cameras, { maxBytes: 2.5 * MB }));
  expect(removed).toEqual([`b.${minutesAgo(3000)}`]);
  expect(reasons).toEqual(["size"]);
});

test("sizes that are remembered follow what happens in a folder", async () => {
  const directory = join(root, "a");
  const sizes = new DaySizes(storeFiles);
  const [file] = writeMinute(directory, "a", minutesAgo(9000), MB) as [string];
  const folder = dirname(file);
  const settle = () => execFileSync("touch", ["-d", "@1000000000", folder]);
  settle();
  const before = (await sizes.read(folder)).get("a");
  expect(before?.inodes).toBe(3);
  expect(before?.bytes).toBeGreaterThanOrEqual(MB);
  writeMinute(directory, "a", minutesAgo(9001), MB);
  expect((await sizes.read(folder)).get("a")?.bytes).toBeGreaterThanOrEqual((before?.bytes ?? 0) + MB);
});

test("every deletion is in the log before the first file goes", async () => {
  const directory = writeDays(join(root, "a"), 10);
  const files = writeMinute(directory, "a", minutesAgo(9000));
  const log = new ReapedLog(storeFiles, root);
  const write = log.write.bind(log);
  let thereWhenLogged: boolean[] = [];
  log.write = async (entry) => {
    await write(entry);
    thereWhenLogged = files.map((path) => existsSync(path));
  };
  await pass(aged(directory), { log });
  expect(thereWhenLogged).toEqual([true, true, true]);
  expect(files.filter((path) => existsSync(path))).toEqual([]);
  expect(await log.find("a", minutesAgo(9000))).toEqual([
    expect.objectContaining({
      reason: "age",
      directory,
      unconverted: false,
      files: expect.arrayContaining([`a.${minutesAgo(9000)}.mp4`]),
    }),
  ]);
  expect(await log.find("b", minutesAgo(9000))).toEqual([]);
});

test("a deletion that failed is in the log once, and that of the minute's part in quarantine is another", async () => {
  const log = new ReapedLog(storeFiles, root);
  const entry = {
    at: "2026-11-03T00:00:00Z",
    camera: "a",
    minute: "20261001.1200",
    directory: root,
    unconverted: false,
  };
  for (const name of ["a.20261001.1200.mp4", "a.20261001.1200.mp4", "quarantine/a.20261001.1200.chunk"]) {
    await log.write({ ...entry, reason: "space", files: [name] });
  }
  expect(await log.find("a", "20261001.1200")).toHaveLength(2);
});

test("a dry run writes no log", async () => {
  const directory = writeDays(join(root, "a"), 10);
  writeMinute(directory, "a", minutesAgo(9000));
  await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1, dryRun: true }));
  expect(existsSync(join(root, ".reaped"))).toBe(false);
});

test("when the log cannot be written nothing is deleted, and that is a problem", async () => {
  const directory = writeDays(join(root, "a"), 10);
  const files = writeMinute(directory, "a", minutesAgo(9000));
  writeFileSync(join(root, ".reaped"), "a file where the folder should be");
  const { removed, problems } = await pass(aged(directory));
  expect(removed).toEqual([]);
  expect(problems).toEqual([expect.stringContaining("the log of deletions cannot be written")]);
  expect(files.every((path) => existsSync(path))).toBe(true);
});

test("a disk that is full to the last byte is freed all the same, and the log tells of it", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  writeMinute(directory, "a", minutesAgo(9000), 2 * MB);
  writeMinute(directory, "a", minutesAgo(8000), 2 * MB);
  try {
    writeFileSync(join(disk, "filler"), Buffer.alloc(8 * MB));
  } catch {
    // as intended
  }
  expect(statfsSync(disk).bavail).toBe(0);
  const config = configOf(disk, [cameraConfig("a", directory)], { minFreeBytes: MB });
  const { removed, problems } = await pass(config);
  expect(removed).toEqual([`a.${minutesAgo(9000)}`]);
  expect(problems).toEqual([]);
  expect(await new ReapedLog(storeFiles, disk).find("a", minutesAgo(9000))).toHaveLength(1);
});

test("the log outlives a torn line, and is kept for so many days", async () => {
  const log = new ReapedLog(storeFiles, root);
  const entry = { camera: "a", directory: root, reason: "age" as const, unconverted: false, files: [] };
  for (const day of ["01", "02", "03"])
    await log.write({ ...entry, at: `2026-11-${day}T00:00:00Z`, minute: `20261001.00${day}` });
  writeFileSync(join(root, ".reaped", "20261103.jsonl"), '{"at":"2026', { flag: "a" });
  await log.write({ ...entry, at: "2026-11-03T00:01:00Z", minute: "20261001.0100" });
  expect(await log.find("a", "20261001.0003")).toHaveLength(1);
  expect(await log.find("a", "20261001.0100")).toHaveLength(1);
  await log.prune(2);
  expect(readdirSync(join(root, ".reaped"))).toEqual(["20261102.jsonl", "20261103.jsonl"]);
});

test("a deletion that a crash cut short is finished; a minute that is whole or kept is left alone", async () => {
  const directory = join(root, "a");
  const log = new ReapedLog(storeFiles, root);
  const minute = minutesAgo(9000);
  const write = () =>
    [writeChunk(directory, "a", minute, 60), writeChunk(directory, "a", minute, 60, 1000, 2)] as [string, string];
  const [first, second] = write();
  const files = [first, second].map((path) => path.slice(dirname(path).length + 1));
  await log.write({
    at: new Date().toISOString(),
    camera: "a",
    minute,
    directory,
    reason: "space",
    unconverted: true,
    files,
  });
  const sheet = writeOld(spriteSheetPath(root, "a", hourOf(minute)), "it may show what is gone", 0);
  await finishInterrupted(storeFiles, root, log, Date.now());
  expect([existsSync(first), existsSync(sheet)]).toEqual([true, false]);
  unlinkSync(first);
  const mark = writeOld(keepPath(directory, "a", minute), "", 0);
  await finishInterrupted(storeFiles, root, log, Date.now());
  expect(existsSync(second)).toBe(true);
  unlinkSync(mark);
  await finishInterrupted(storeFiles, root, log, Date.now());
  expect(existsSync(second)).toBe(false);
});

test("a deletion in quarantine that a crash cut short is finished", async () => {
  const directory = join(root, "a");
  const minute = minutesAgo(9000);
  const name = `quarantine/a.${minute}.chunk`;
  const why = writeOld(join(directory, `${name}.json`), "{}", 9000);
  const log = new ReapedLog(storeFiles, root);
  const entry = { camera: "a", minute, directory, reason: "space" as const, unconverted: true };
  await log.write({ ...entry, at: new Date().toISOString(), files: [name, `${name}.json`] });
  await finishInterrupted(storeFiles, root, log, Date.now());
  expect(existsSync(why)).toBe(false);
});

test("measuring ends when something more urgent waits, and goes on where it was", async () => {
  const directory = join(root, "a");
  for (const days of [4, 3, 2]) writeMinute(directory, "a", minutesAgo(days * 1440), MB);
  for (const day of readdirSync(directory)) execFileSync("touch", ["-d", "@1000000000", join(directory, day)]);
  const sizes = new DaySizes(storeFiles);
  const read = sizes.read.bind(sizes);
  const measured: string[] = [];
  sizes.read = (folder) => {
    measured.push(folder);
    return read(folder);
  };
  const config = configOf(root, [cameraConfig("a", directory)], { maxBytes: 1 });
  expect((await pass(config, { sizes, mayGoOn: () => measured.length < 2 })).removed).toEqual([]);
  expect(measured).toHaveLength(2);
  expect((await pass(config, { sizes })).removed).toHaveLength(3);
});

test("a disk that is read-only is a problem, nothing is noted as deleted, and another disk is looked after", async () => {
  const [readOnly, good] = [smallDisk(), smallDisk()];
  const stuck = writeMinute(join(readOnly, "a"), "a", minutesAgo(9000), 6 * MB);
  writeMinute(join(good, "b"), "b", minutesAgo(8000), 6 * MB);
  execFileSync("mount", ["-o", "remount,ro", readOnly]);
  const cameras = [cameraConfig("a", join(readOnly, "a")), cameraConfig("b", join(good, "b"))];
  const { removed, problems } = await pass(configOf(root, cameras, { minFreeBytes: 4 * MB }));
  expect(removed).toEqual([`b.${minutesAgo(8000)}`]);
  expect(problems).toContainEqual(
    expect.stringContaining(`footage in ${dirname(stuck[0] as string)} cannot be deleted (EROFS)`),
  );
  expect(await new ReapedLog(storeFiles, root).find("a", minutesAgo(9000))).toEqual([]);
  expect(readFileSync(stuck[0] as string)).toHaveLength(6 * MB);
});

test("a minute that was recorded anew under a name that was deleted is left alone", async () => {
  const directory = join(root, "a");
  const log = new ReapedLog(storeFiles, root);
  const minute = minutesAgo(9000);
  const [mp4, preview] = writeMinute(directory, "a", minute) as [string, string, string];
  const files = [mp4, preview].map((path) => path.slice(dirname(path).length + 1));
  const entry = { camera: "a", minute, directory, reason: "space" as const, unconverted: false, files };
  await log.write({ ...entry, at: new Date(Date.now() - 60_000).toISOString() });
  unlinkSync(mp4);
  await finishInterrupted(storeFiles, root, log, Date.now());
  expect(existsSync(preview)).toBe(true);
});
