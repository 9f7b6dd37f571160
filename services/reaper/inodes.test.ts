import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { secretsIn } from "../../shared/config/secrets.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { createLogger } from "../../shared/logging/create-logger.ts";
import { FewInodesDisk } from "../../tests/support/few-inodes-disk.ts";
import { DaySizes } from "./day-sizes.ts";
import { forecastDisk } from "./forecast.ts";
import { ReapedLog } from "./reaped-log.ts";
import { Reaper } from "./reaper.ts";
import { cameraConfig, configOf, minutesAgo, pass, writeMinute } from "./testing.ts";

const files = new StoreFiles();

// A real ext4 with 256 inodes, of which 64 are to be free.
const INODES = 256;
const GOAL = 64;
const DAY_MINUTES = 1440;

let disk: FewInodesDisk;
let root: string;

beforeEach(() => {
  disk = new FewInodesDisk(INODES);
  root = mkdtempSync(join(tmpdir(), "hindsight-reaper-"));
});

afterEach(() => {
  disk.remove();
  rmSync(root, { recursive: true, force: true });
});

const camera = () => cameraConfig("a", join(disk.path, "a"));
const config = () => configOf(root, [camera()], { minFreeBytes: 0, minFreePercent: 0, intervalMs: 3_600_000 });
/** Old minutes of three files each, the oldest first. */
const record = (minutes: number) =>
  Array.from({ length: minutes }, (_, i) => {
    const minute = minutesAgo(9000 - i);
    return { minute, mp4: writeMinute(join(disk.path, "a"), "a", minute, 100)[0] as string };
  });

test("out of inodes, with nearly all bytes free, the oldest minutes go until there are enough, and the log says why", async () => {
  expect(disk.totalInodes).toBe(INODES);
  const minutes = record(30);
  disk.fill(0);
  // The log of deletions is on the same disk: its file is created once the first minute is deleted.
  const { removed, reasons, problems } = await pass({ ...config(), storage: { root: disk.path, mountPoints: [] } });
  expect(problems).toEqual([]);
  expect(disk.freeInodes).toBeGreaterThanOrEqual(GOAL);
  expect(removed).toEqual(minutes.slice(0, Math.ceil(GOAL / 3)).map(({ minute }) => `a.${minute}`));
  expect(new Set(reasons)).toEqual(new Set(["inodes"]));
  const log = await new ReapedLog(files, disk.path).find("a", minutes[0]?.minute ?? "");
  expect(log).toMatchObject([{ reason: "inodes" }]);
});

test("what is there is deleted for inodes only where a camera is recorded, and want of them that nothing helps is told", async () => {
  record(3);
  disk.fill(0);
  const elsewhere = configOf(root, [cameraConfig("a", join(root, "a"))], {});
  expect((await pass(elsewhere)).removed).toEqual([]);
  const { removed, problems } = await pass(config());
  expect(removed).toHaveLength(3);
  expect(problems).toEqual([expect.stringMatching(/lacks \d+ free inodes, one for each file.*no footage is left/)]);
});

test("a dry run counts the inodes that it would free, and not those of an expired minute twice", async () => {
  const minutes = record(30);
  disk.fill(10);
  const settings = configOf(root, [camera()], { minFreePercent: 0, maxAgeDays: 1, dryRun: true });
  const { reasons } = await pass({ ...settings });
  expect(reasons).toEqual(minutes.map(() => "age"));
});

test("a disk that runs out of inodes between two looks at everything is found at the next glance", async () => {
  const current = config();
  const live = { current, onChange: () => () => {} };
  const output = new PassThrough().resume();
  const metrics = new Registry();
  const [oldest] = record(30);
  const logger = createLogger({ service: "reaper", config: live, secrets: secretsIn(live), output });
  const reaper = new Reaper({ files, config: live, metrics, logger });
  try {
    await vi.waitFor(async () => {
      const text = await metrics.metrics();
      expect(text).toMatch(/hindsight_disk_free_inodes{disk=".+"} \d+/);
      expect(text).toMatch(new RegExp(`hindsight_disk_total_inodes{disk=".+"} ${INODES}`));
    });
    expect(existsSync(oldest?.mp4 ?? "")).toBe(true);
    disk.fill(5);
    await vi.waitFor(() => expect(disk.freeInodes).toBeGreaterThanOrEqual(GOAL), { timeout: 20_000, interval: 50 });
    expect(existsSync(oldest?.mp4 ?? "")).toBe(false);
  } finally {
    await reaper.stop();
  }
});

test("the forecast is that of what runs out first", async () => {
  const directory = join(disk.path, "a");
  for (const day of [3, 2, 1]) {
    for (let i = 0; i < 4; i++) writeMinute(directory, "a", minutesAgo(day * DAY_MINUTES + i), 100);
  }
  const days = (space: { totalBytes: number; inodes?: { free: number; total: number } }) =>
    forecastDisk(
      files,
      [directory],
      { freeBytes: 0, ...space },
      { bytes: 0, inodes: 60 },
      new DaySizes(files),
      Date.now(),
    );
  const inodes = { free: 100, total: 300 };
  const bound = await days({ totalBytes: 1e12, inodes });
  expect(bound).toMatchObject({ inodesRunOutFirst: true });
  // Twelve files a day, or fewer when a minute around midnight is in another day.
  expect(bound?.daysThatFit).toBeGreaterThanOrEqual(20);
  expect(bound?.daysThatFit).toBeLessThan(40);
  const free = await days({ totalBytes: 1e5, inodes });
  expect(free).not.toHaveProperty("inodesRunOutFirst");
  expect(await days({ totalBytes: 1e5 })).toEqual(free);
});
