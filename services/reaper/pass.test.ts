import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "../../shared/config/config.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { rememberCameraDirectory } from "../../shared/store/directories.ts";
import { keepPath, minutePath, quarantineFolder, spriteSheetPath, temporaryName } from "../../shared/store/names.ts";
import { dayOf, hourOf } from "../../shared/time/minute.ts";
import { ReapedLog } from "./reaped-log.ts";
import {
  cameraConfig,
  configOf,
  minutesAgo,
  nothingTold,
  pass,
  SmallDisk,
  writeChunk,
  writeDays,
  writeMinute,
  writeOld,
  writeSparse,
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

/** The clock is trusted only when there is recent footage from before now. */
async function recordedAllAlong(): Promise<void> {
  await rememberCameraDirectory(storeFiles, root, { camera: "always", directory: writeDays(join(root, "always"), 30) });
}

function smallDisk(): string {
  const disk = new SmallDisk();
  disks.push(disk);
  return disk.path;
}

const freePercent = (path: string) => {
  const { bavail, blocks } = statfsSync(path);
  return (100 * bavail) / blocks;
};

test("the oldest minutes over all cameras of a disk go, and no more of them than the free space needs", async () => {
  const disk = smallDisk();
  const cameras = [cameraConfig("a", join(disk, "a")), cameraConfig("b", join(disk, "b"))];
  for (let i = 0; i < 7; i++) {
    const camera = cameras[i % 2] as (typeof cameras)[0];
    writeMinute(camera.directory, camera.id, minutesAgo(3000 - i * 10), MB);
  }
  const { removed, reasons } = await pass(configOf(root, cameras, { minFreePercent: 40 }));
  expect(removed).toEqual([`a.${minutesAgo(3000)}`, `b.${minutesAgo(2990)}`, `a.${minutesAgo(2980)}`]);
  expect(new Set(reasons)).toEqual(new Set(["space"]));
  expect(freePercent(disk)).toBeGreaterThanOrEqual(40);
  expect((await pass(configOf(root, cameras, { minFreePercent: 40 }))).removed).toEqual([]);
});

test("a full disk costs no footage on another one", async () => {
  const [full, roomy] = [smallDisk(), smallDisk()];
  const cameras = [cameraConfig("full", join(full, "c")), cameraConfig("roomy", join(roomy, "c"))];
  writeMinute(join(roomy, "c"), "roomy", minutesAgo(9000), MB);
  for (let i = 0; i < 7; i++) writeMinute(join(full, "c"), "full", minutesAgo(3000 - i), MB);
  const { removed } = await pass(configOf(root, cameras, { minFreeBytes: 1.5 * MB }));
  expect(removed).toEqual([`full.${minutesAgo(3000)}`]);
});

test("footage of a camera that is no longer configured counts as everybody's", async () => {
  const disk = smallDisk();
  await rememberCameraDirectory(storeFiles, root, { camera: "gone", directory: join(disk, "gone") });
  writeMinute(join(disk, "gone"), "gone", minutesAgo(5000), 2 * MB);
  writeMinute(join(disk, "a"), "a", minutesAgo(4000), 4 * MB);
  const told = await pass(configOf(root, [cameraConfig("a", join(disk, "a"))], { minFreeBytes: 3 * MB }));
  expect(told.removed).toEqual([`gone.${minutesAgo(5000)}`]);
});

test("footage older than maxAgeDays goes, each camera by its own, removed cameras by the global one", async () => {
  await recordedAllAlong();
  await rememberCameraDirectory(storeFiles, root, { camera: "gone", directory: join(root, "gone") });
  const cameras = [
    cameraConfig("global", join(root, "global")),
    cameraConfig("short", join(root, "short"), { maxAgeDays: 1 }),
    cameraConfig("long", join(root, "long"), { maxAgeDays: 30 }),
  ];
  for (const camera of ["global", "short", "long", "gone"]) {
    for (const days of [0.5, 2, 20, 40]) writeMinute(join(root, camera), camera, minutesAgo(days * 1440));
  }
  const { removed, reasons } = await pass(configOf(root, cameras, { maxAgeDays: 10 }));
  const expected = { global: [20, 40], gone: [20, 40], short: [2, 20, 40], long: [40] };
  const minutes = Object.entries(expected).flatMap(([id, ages]) =>
    ages.map((days) => `${id}.${minutesAgo(days * 1440)}`),
  );
  expect(removed.toSorted()).toEqual(minutes.toSorted());
  expect(new Set(reasons)).toEqual(new Set(["age"]));
});

test("without maxAgeDays no footage goes for its age", async () => {
  writeMinute(join(root, "a"), "a", "20010101.0000");
  expect((await pass(configOf(root, [cameraConfig("a", join(root, "a"))], {}))).removed).toEqual([]);
});

test("a minute's files go together, and so do day folders that are empty then", async () => {
  await recordedAllAlong();
  const directory = join(root, "a");
  const old = minutesAgo(20_000);
  const files = writeMinute(directory, "a", old);
  files.push(writeChunk(directory, "a", old, 19_000), writeChunk(directory, "a", old, 19_000, 10, 2));
  const aside = join(directory, dayOf(old), temporaryName(`a.${old}.mp4`, "0123456789ab"));
  files.push(writeOld(aside, "half", 18_000));
  const kept = writeMinute(directory, "a", minutesAgo(100));
  await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 }));
  expect(files.filter((path) => existsSync(path))).toEqual([]);
  expect(kept.every((path) => existsSync(path))).toBe(true);
  expect(readdirSync(directory)).toEqual([...new Set([dayOf(minutesAgo(100))])]);
});

test("the sprite sheet of a minute's hour goes with it, in no dry run; other hours' sheets stay", async () => {
  await recordedAllAlong();
  const [old, young] = [minutesAgo(3000), minutesAgo(100)];
  const camera = cameraConfig("a", join(root, "a"));
  for (const minute of [old, young]) writeMinute(camera.directory, "a", minute);
  const [oldSheet, youngSheet] = [old, young].map((minute) =>
    writeOld(spriteSheetPath(root, "a", hourOf(minute)), "sheet", 0),
  ) as [string, string];
  const foreign = [".jpg", ".v999.jpg"].map((end) =>
    writeOld(oldSheet.replace(/\.v\d+\.jpg$/, end), "another version's", 0),
  );
  await pass(configOf(root, [camera], { maxAgeDays: 1, dryRun: true }));
  expect([oldSheet, ...foreign].every((path) => existsSync(path))).toBe(true);
  const { removed, problems } = await pass(configOf(root, [camera], { maxAgeDays: 1 }));
  expect([removed, problems]).toEqual([[`a.${old}`], []]);
  expect([existsSync(dirname(oldSheet)), existsSync(youngSheet)]).toEqual([false, true]);
});

test("a sprite sheet that cannot be deleted is a problem, told once, and the footage goes all the same", async () => {
  await recordedAllAlong();
  const camera = cameraConfig("a", join(root, "a"));
  const minutes = [minutesAgo(3001), minutesAgo(3000)];
  for (const minute of minutes) {
    writeMinute(camera.directory, "a", minute);
    mkdirSync(spriteSheetPath(root, "a", hourOf(minute)), { recursive: true }); // unlink(2) fails on a folder
  }
  const { removed, problems } = await pass(configOf(root, [camera], { maxAgeDays: 1 }));
  expect(removed).toEqual(minutes.map((minute) => `a.${minute}`));
  expect(problems).toEqual([expect.stringMatching(/^sprite sheets .* cannot be deleted/)]);
});

test("what is not footage stays: foreign files, also in quarantine, another day's files, and the folders that hold them", async () => {
  await recordedAllAlong();
  const directory = join(root, "a");
  const old = minutesAgo(20_000);
  writeMinute(directory, "a", old);
  const kept = [
    writeOld(join(directory, dayOf(old), "notes.txt"), "x", 9000),
    writeOld(join(directory, dayOf(old), "a.20010101.0000.mp4"), "x", 9000),
    writeOld(join(quarantineFolder(directory), `a.${old}.txt`), "x", 9000),
    writeOld(join(directory, "holiday", `a.${old}.mp4`), "x", 9000),
  ];
  const { removed } = await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 }));
  expect(removed).toEqual([`a.${old}`]);
  expect(kept.filter((path) => !existsSync(path))).toEqual([]);
});

test("the current minute and those of the last five are never deleted, nor a chunk that still grows", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  const young = [0, 1, 4].flatMap((minutes) => writeMinute(directory, "a", minutesAgo(minutes), MB));
  // A GOP that has lasted for hours.
  const growing = writeChunk(directory, "a", minutesAgo(500), 0, 2 * MB);
  const future = writeMinute(directory, "a", minutesAgo(-3000), MB);
  const told = await pass(configOf(root, [cameraConfig("a", directory)], { minFreePercent: 95, maxAgeDays: 0.01 }));
  expect(told.removed).toEqual([]);
  expect([...young, growing, ...future].every((path) => existsSync(path))).toBe(true);
  expect(told.problems).toEqual([expect.stringContaining("no footage is left on it to delete")]);
});

test("chunks that wait for conversion go only when there is no other footage left, and never for their age", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  const cameras = [cameraConfig("a", directory)];
  const waiting = writeChunk(directory, "a", minutesAgo(50), 40, 3 * MB);
  writeMinute(directory, "a", minutesAgo(30), 2 * MB);
  expect((await pass(configOf(root, cameras, { maxAgeDays: 0.01 }))).removed).toEqual([`a.${minutesAgo(30)}`]);
  writeMinute(directory, "a", minutesAgo(30), 2 * MB);
  expect((await pass(configOf(root, cameras, { minFreeBytes: 4 * MB }))).removed).toEqual([`a.${minutesAgo(30)}`]);
  expect(existsSync(waiting)).toBe(true);
  const told = await pass(configOf(root, cameras, { minFreeBytes: 6 * MB }));
  expect(told.removed).toEqual([`a.${minutesAgo(50)}`]);
  expect(told.unconverted).toEqual(told.removed);
});

test("chunks that nobody converted for long go in their turn, and that is told", async () => {
  const directory = join(root, "a");
  writeChunk(directory, "a", minutesAgo(9000), 8999);
  const told = await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 }));
  expect(told.removed).toEqual([`a.${minutesAgo(9000)}`]);
  expect(told.unconverted).toEqual(told.removed);
});

function writeQuarantined(directory: string, minute: string, bytes = 1000): [string, string] {
  const path = writeOld(join(quarantineFolder(directory), `a.${minute}.chunk`), Buffer.alloc(bytes, 1), 9000);
  return [path, writeOld(`${path}.json`, "{}", 9000)];
}

test("what is in quarantine goes in its turn, oldest first like the rest, with its reason, and that is told", async () => {
  const directory = join(smallDisk(), "a");
  const [oldest] = writeMinute(directory, "a", minutesAgo(9000), 2 * MB) as [string];
  const [second, why] = writeQuarantined(directory, minutesAgo(8000), 2 * MB);
  const [third] = writeMinute(directory, "a", minutesAgo(7000), 2 * MB) as [string];
  const config = configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 5 * MB });
  const told = await pass(config);
  expect(told.removed).toEqual([`a.${minutesAgo(9000)}`, `a.${minutesAgo(8000)}`]);
  expect(told.unconverted).toEqual([`a.${minutesAgo(8000)}`]);
  expect([oldest, second, why, third].map((path) => existsSync(path))).toEqual([false, false, false, true]);
  expect(await new ReapedLog(storeFiles, root).find("a", minutesAgo(8000))).toEqual([
    expect.objectContaining({
      unconverted: true,
      files: [`quarantine/a.${minutesAgo(8000)}.chunk`, `quarantine/a.${minutesAgo(8000)}.chunk.json`],
    }),
  ]);
});

test("what is in quarantine goes for its age and its size, too; a mark keeps it", async () => {
  await recordedAllAlong();
  const directory = join(root, "a");
  const [aged] = writeQuarantined(directory, minutesAgo(9000));
  const [kept] = writeQuarantined(directory, minutesAgo(8900));
  writeOld(keepPath(directory, "a", minutesAgo(8900)), "", 0);
  const byAge = await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 }));
  expect(byAge.removed).toEqual([`a.${minutesAgo(9000)}`]);
  writeQuarantined(directory, minutesAgo(500), MB);
  const bySize = await pass(configOf(root, [cameraConfig("a", directory)], { maxBytes: MB / 2 }));
  expect(bySize.removed).toEqual([`a.${minutesAgo(500)}`]);
  expect([aged, kept].map((path) => existsSync(path))).toEqual([false, true]);
});

test("a minute of which a part is in quarantine goes whole, and each of its folders has its line in the log", async () => {
  await recordedAllAlong();
  const directory = join(root, "a");
  const minute = minutesAgo(9000);
  const files = [...writeMinute(directory, "a", minute), ...writeQuarantined(directory, minute)];
  await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 }));
  expect(files.filter((path) => existsSync(path))).toEqual([]);
  expect(await new ReapedLog(storeFiles, root).find("a", minute)).toHaveLength(2);
});

test("the space that a recorder needs to go on is kept free, whatever the goal says", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  const config = { ...configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 1 }) };
  const [oldest] = writeMinute(directory, "a", minutesAgo(9000), 2 * MB) as [string];
  writeMinute(directory, "a", minutesAgo(8000), 2 * MB);
  const withReserve = (megabytes: number): Config => ({
    ...config,
    recorder: { ...config.recorder, diskReserveBytes: megabytes * MB },
  });
  expect((await pass(withReserve(3))).removed, "4 MB are free, 3.75 are asked for").toEqual([]);
  expect((await pass(withReserve(3.6))).removed, "4.5 are asked for").toEqual([`a.${minutesAgo(9000)}`]);
  expect(existsSync(oldest)).toBe(false);
  expect((await pass(withReserve(7))).removed, "no deleting makes a disk of 8 MB large enough for 8.75").toEqual([]);
  await rememberCameraDirectory(storeFiles, root, { camera: "a", directory });
  const elsewhere = { ...withReserve(5), cameras: new Map([["a", cameraConfig("a", join(root, "a"))]]) };
  expect((await pass(elsewhere)).removed, "nobody records on this disk any more").toEqual([]);
});

test("a dry run tells what would go, once for both rules, and deletes nothing", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  const files = [
    writeMinute(directory, "a", minutesAgo(9000), 2 * MB),
    writeMinute(directory, "a", minutesAgo(600), 4 * MB),
  ].flat();
  const config = configOf(root, [cameraConfig("a", directory)], { dryRun: true, maxAgeDays: 1, minFreeBytes: 5 * MB });
  const { removed } = await pass(config);
  expect(removed).toEqual([`a.${minutesAgo(9000)}`, `a.${minutesAgo(600)}`]);
  expect(files.every((path) => existsSync(path))).toBe(true);
});

test("what counts is the space that a file takes up, not its length", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  writeSparse(minutePath(directory, "a", minutesAgo(4000), "mp4"), 100 * MB);
  for (let i = 0; i < 6; i++) writeMinute(directory, "a", minutesAgo(3000 - i), MB);
  const { removed } = await pass(configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 3 * MB }));
  expect(removed).toEqual([`a.${minutesAgo(4000)}`, `a.${minutesAgo(3000)}`, `a.${minutesAgo(2999)}`]);
});

test("a file with a second name frees nothing, so the next goes as well", async () => {
  const disk = smallDisk();
  const directory = join(disk, "a");
  const [linked] = writeMinute(directory, "a", minutesAgo(4000), 2 * MB);
  linkSync(linked as string, join(disk, "kept.mp4"));
  for (let i = 0; i < 5; i++) writeMinute(directory, "a", minutesAgo(3000 - i), MB);
  await pass(configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 2 * MB }));
  expect(statfsSync(disk).bavail * statfsSync(disk).bsize).toBeGreaterThanOrEqual(2 * MB);
});

test("a file that cannot be deleted is a problem, and the others go all the same", async () => {
  const [stuck, free] = [join(root, "stuck"), join(root, "free")];
  const [mp4, preview] = writeMinute(stuck, "stuck", minutesAgo(9000)) as [string, string, string];
  writeMinute(free, "free", minutesAgo(8000));
  // Root can delete everything except a file that is a mount point.
  execFileSync("mount", ["--bind", mp4, mp4]);
  try {
    const told = await pass(
      configOf(root, [cameraConfig("stuck", stuck), cameraConfig("free", free)], { maxAgeDays: 1 }),
    );
    expect(told.removed).toEqual([`free.${minutesAgo(8000)}`]);
    expect(told.problems).toEqual([expect.stringContaining(`${dirname(mp4)} cannot be deleted (EBUSY)`)]);
    expect(existsSync(preview), "a minute that keeps its video keeps its pictures").toBe(true);
  } finally {
    execFileSync("umount", [mp4]);
  }
});

test("a disk that does not answer is a problem, and never one with space without end", async () => {
  const disk = smallDisk();
  writeMinute(join(disk, "ok"), "ok", minutesAgo(4000), 6 * MB);
  const cameras = [cameraConfig("away", join(root, "no", "such", "mount")), cameraConfig("ok", join(disk, "ok"))];
  const told = await pass(configOf(root, cameras, { minFreeBytes: 4 * MB }));
  expect(told.problems).toEqual([expect.stringContaining("no/such/mount does not answer (ENOENT)")]);
  expect(told.removed).toEqual([`ok.${minutesAgo(4000)}`]);
  // A file system that reports no size: its free space is unknown.
  const blind = await pass(configOf(root, [cameraConfig("proc", "/proc/self")], { minFreePercent: 50 }));
  expect(blind.problems).toEqual([expect.stringContaining("the free space of /proc/self cannot be told")]);
});

test("below a mount point at which nothing is mounted nothing is counted or deleted, and that is told", async () => {
  await recordedAllAlong();
  const mountPoint = join(root, "disk");
  const camera = cameraConfig("yard", join(mountPoint, "yard"));
  const [path = ""] = writeMinute(camera.directory, "yard", minutesAgo(4000));
  const config = configOf(root, [camera], { maxAgeDays: 1, minFreePercent: 95 });
  const files = new StoreFiles();
  files.disks.requireMounts([mountPoint]);
  const told = await pass(config, { files });
  expect(told.removed).toEqual([]);
  expect(told.problems).toContainEqual(expect.stringContaining(`${camera.directory} does not answer (ENODEV)`));
  expect(existsSync(path)).toBe(true);
  await pass(config);
  expect(existsSync(path)).toBe(false);
});

test("a camera without footage yet is no problem", async () => {
  const told = await pass(configOf(root, [cameraConfig("new", join(root, "new"))], { minFreePercent: 0 }));
  expect(told).toMatchObject({ removed: [], problems: [] });
});

test("a pass ends before the next minute when the configuration is another or the service stops", async () => {
  const directory = join(root, "a");
  for (let i = 0; i < 5; i++) writeMinute(directory, "a", minutesAgo(9000 - i));
  const told = nothingTold();
  const mayGoOn = () => told.removed.length < 2;
  await pass(configOf(root, [cameraConfig("a", directory)], { maxAgeDays: 1 }), { mayGoOn }, told);
  expect(told.removed).toHaveLength(2);
});

test("an empty folder of today stays: a recorder may be about to write in it", async () => {
  const directory = join(root, "a");
  const [today, before] = [dayOf(minutesAgo(0)), dayOf(minutesAgo(3 * 1440))];
  for (const day of [today, before]) mkdirSync(join(directory, day), { recursive: true });
  await pass(configOf(root, [cameraConfig("a", directory, { maxAgeDays: 0.01 })], {}));
  expect(readdirSync(directory)).toEqual([today]);
});
