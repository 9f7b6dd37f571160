import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CameraConfig, Config, LiveConfig } from "../../shared/config/config.ts";
import { secretsIn } from "../../shared/config/secrets.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { createLogger } from "../../shared/logging/create-logger.ts";
import { minutePath } from "../../shared/store/names.ts";
import { dayOf } from "../../shared/time/minute.ts";
import { DaySizes } from "./day-sizes.ts";
import { Reaper } from "./reaper.ts";
import { cameraConfig, configOf, minutesAgo, SmallDisk, writeChunk, writeMinute, writeOld } from "./testing.ts";

const files = new StoreFiles();

class ChangingConfig implements LiveConfig {
  current: Config;
  readonly #listeners = new Set<(next: Config, previous: Config) => void>();

  constructor(current: Config) {
    this.current = current;
  }

  onChange(listener: (next: Config, previous: Config) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(next: Config): void {
    const previous = this.current;
    this.current = next;
    for (const listener of this.#listeners) listener(next, previous);
  }
}

let root: string;
let disk: SmallDisk;
let reaper: Reaper | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hindsight-reaper-"));
  disk = new SmallDisk();
});

afterEach(async () => {
  await reaper?.stop();
  reaper = undefined;
  disk.remove();
  rmSync(root, { recursive: true, force: true });
});

function start(config: ChangingConfig, sizes?: DaySizes) {
  const output = new PassThrough();
  let log = "";
  output.on("data", (data) => {
    log += data;
  });
  const metrics = new Registry();
  const logger = createLogger({ service: "reaper", config, secrets: secretsIn(config), output });
  reaper = new Reaper({ files, config, metrics, logger }, sizes);
  return { reaper, metrics, log: () => log };
}

const cameras = () => [cameraConfig("a", join(disk.path, "a"), { maxAgeDays: 1 })];

test("a recorder that goes on asking for room is told of once, and so is another disk's", () => {
  const [a, b] = ["/mnt/a", "/mnt/b"].map((directory) => cameraConfig(directory.slice(-1), directory));
  const { reaper, log } = start(new ChangingConfig(configOf(root, [a, b] as CameraConfig[])));
  for (const directory of ["/mnt/a", "/mnt/a", "/mnt/b", "/mnt/a"]) reaper.freeUp(directory);
  for (const forged of ["/etc", "../mnt/a", "/mnt/a\nerror: x"]) reaper.freeUp(forged); // belong to no camera
  expect(log().match(/space was asked for, for \S+/g)).toEqual([
    "space was asked for, for /mnt/a",
    "space was asked for, for /mnt/b",
  ]);
});

test("without a reaper stanza nothing is ever deleted, even at 99 % full (promise 6)", async () => {
  const files = [9000, 8000].flatMap((age) => writeMinute(join(disk.path, "a"), "a", minutesAgo(age), MB));
  const { bavail, bsize, blocks } = statfsSync(disk.path);
  writeOld(join(disk.path, "other"), Buffer.alloc(bavail * bsize - Math.floor(blocks * 0.01) * bsize), 0);
  expect(statfsSync(disk.path).bavail / blocks).toBeLessThan(0.011);
  const config = new ChangingConfig(configOf(root, cameras()));
  const { log } = start(config);
  config.change({ ...config.current });
  await sleep(500);
  expect(files.filter((path) => !existsSync(path))).toEqual([]);
  expect(log()).toContain("nothing will ever be deleted");
});

test("a stanza that is added takes effect at once, one that is removed ends all deleting", async () => {
  const directory = join(disk.path, "a");
  const [first] = writeMinute(directory, "a", minutesAgo(9000)) as [string];
  const config = new ChangingConfig(configOf(root, cameras()));
  const { log, metrics } = start(config);
  config.change(configOf(root, cameras(), {}));
  await vi.waitFor(() => expect(existsSync(first)).toBe(false));
  const removed = `removed a ${minutesAgo(9000)} (3 files`;
  await vi.waitFor(() => expect(log()).toContain(removed));
  expect(await metrics.metrics()).toContain('hindsight_reaper_removed_minutes_total{reason="age"} 1');
  config.change(configOf(root, cameras()));
  const [second] = writeMinute(directory, "a", minutesAgo(8000)) as [string];
  await sleep(400);
  expect(existsSync(second)).toBe(true);
});

test("a stanza that is removed ends the pass that is just deleting", async () => {
  const directory = join(root, "many");
  const files = Array.from(
    { length: 400 },
    (_, i) => writeMinute(directory, "a", minutesAgo(9000 - i), 1)[0] as string,
  );
  const camera = cameraConfig("a", directory);
  const config = new ChangingConfig(configOf(root, [camera], { maxAgeDays: 1 }));
  start(config);
  await vi.waitFor(() => expect(existsSync(files[0] as string)).toBe(false), { interval: 1 });
  config.change(configOf(root, [camera]));
  await sleep(300);
  expect(files.filter((path) => existsSync(path)).length).toBeGreaterThan(100);
});

test("a trouble that lasts is logged once and stays a problem until it is over", async () => {
  const away = cameraConfig("away", join(root, "mount", "away", "c"));
  const config = new ChangingConfig(configOf(root, [away], {}));
  const running = start(config);
  await vi.waitFor(() => expect(running.reaper.problems()).toEqual([expect.stringContaining("does not answer")]));
  await sleep(300);
  expect(running.log().match(/does not answer/g)).toHaveLength(1);
  config.change(configOf(root, cameras(), {}));
  await vi.waitFor(() => expect(running.reaper.problems()).toEqual([]));
});

test("a dry run lists the minutes once, not at every pass", async () => {
  const [file] = writeMinute(join(disk.path, "a"), "a", minutesAgo(9000)) as [string];
  const { log } = start(new ChangingConfig(configOf(root, cameras(), { dryRun: true })));
  await vi.waitFor(() => expect(log()).toContain("dry run: would remove 1 minutes"));
  await sleep(400); // further passes
  expect(existsSync(file)).toBe(true);
  expect(log().match(/would remove a /g)).toHaveLength(1);
});

const MB = 1024 * 1024;
const HOUR_MS = 3_600_000;

test("a disk that fills up between two passes is freed all the same, with Redis away", async () => {
  const directory = join(disk.path, "a");
  const config = new ChangingConfig(
    configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 3 * MB, intervalMs: HOUR_MS }),
  );
  const [old] = writeMinute(directory, "a", minutesAgo(9000), 2 * MB) as [string];
  const { metrics } = start(config);
  await vi.waitFor(async () => expect(await metrics.metrics()).toContain("hindsight_disk_free_bytes{"));
  expect(existsSync(old)).toBe(true);
  writeMinute(directory, "a", minutesAgo(1), 4 * MB);
  await vi.waitFor(() => expect(existsSync(old)).toBe(false), { timeout: 20_000 });
});

test("a writer at 64 cameras' rate never meets a full disk", async () => {
  const roomy = new SmallDisk("192m");
  try {
    const directory = join(roomy.path, "a");
    const config = configOf(root, [cameraConfig("a", directory)], { minFreePercent: 50, intervalMs: HOUR_MS });
    start(new ChangingConfig(config));
    const second = Buffer.alloc(32 * MB, 1);
    // Twice what the disk holds, in past minutes, so that they may be deleted.
    for (let i = 0; i < 12; i++) {
      writeOld(minutePath(directory, "a", minutesAgo(9000 - i), "mp4"), second, 0);
      await sleep(1000);
    }
    expect(existsSync(minutePath(directory, "a", minutesAgo(9000), "mp4"))).toBe(false);
    expect(existsSync(minutePath(directory, "a", minutesAgo(9000 - 11), "mp4"))).toBe(true);
  } finally {
    await reaper?.stop();
    roomy.remove();
  }
});

test("whoever met a full disk gets ten minutes of recording beyond the goal; nothing goes where the goal is kept", async () => {
  const directory = join(disk.path, "a");
  // Two finished days of 0.5 MB, the older of which is left out: ten minutes are 3.5 kB, so one more minute is deleted.
  for (const days of [3, 2, 1])
    for (const i of [0, 1]) writeMinute(directory, "a", minutesAgo(days * 1440 + i), MB / 4);
  const config = new ChangingConfig(
    configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 5 * MB, intervalMs: HOUR_MS }),
  );
  const { reaper, log } = start(config);
  await vi.waitFor(() => expect(reaper.forecasts()[0]?.bytesPerDay).toBeGreaterThan(MB / 2));
  const { bavail, bsize } = statfsSync(disk.path);
  const left = () => readdirSync(directory, { recursive: true }).filter((name) => String(name).endsWith(".mp4")).length;
  const before = left();
  reaper.freeUp(directory);
  await sleep(300);
  expect(left(), "the goal is kept").toBe(before);
  // Less than one minute is lacking: without the room for ten more minutes, deleting one would be enough.
  const lacking = MB / 4 + 2 * 4096 - 2048;
  writeOld(join(disk.path, "other"), Buffer.alloc(bavail * bsize - 5 * MB + lacking), 0);
  reaper.freeUp(directory);
  await vi.waitFor(() => expect(left()).toBe(before - 2), { timeout: 1500 });
  expect(log()).toContain("space was asked for");
});

test("a request for space does not wait until all footage is measured, which goes on afterwards", async () => {
  const directory = join(disk.path, "a");
  const [old] = writeMinute(directory, "a", minutesAgo(9000), 2 * MB) as [string];
  writeMinute(directory, "a", minutesAgo(3000), MB);
  const sizes = new DaySizes(files);
  const read = sizes.read.bind(sizes);
  const wasThere: boolean[] = [];
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  sizes.read = async (folder) => {
    wasThere.push(existsSync(old));
    if (wasThere.length === 1) await held;
    return read(folder);
  };
  const limits = { minFreeBytes: 3 * MB, maxBytes: 100 * MB, intervalMs: HOUR_MS };
  const { reaper } = start(new ChangingConfig(configOf(root, [cameraConfig("a", directory)], limits)), sizes);
  await vi.waitFor(() => expect(wasThere).toEqual([true]), { timeout: 20_000 });
  writeOld(join(disk.path, "other"), Buffer.alloc(4 * MB), 0);
  reaper.freeUp(directory);
  goOn();
  await vi.waitFor(() => expect(reaper.forecasts()).toHaveLength(1), { timeout: 20_000 });
  expect(wasThere[1], "the old minute, when the next folder is measured").toBe(false);
});

test("without a reaper stanza a request for space deletes nothing", async () => {
  const [file] = writeMinute(join(disk.path, "a"), "a", minutesAgo(9000), 7 * MB) as [string];
  const { reaper } = start(new ChangingConfig(configOf(root, cameras())));
  reaper.freeUp(join(disk.path, "a"));
  await sleep(300);
  expect(existsSync(file)).toBe(true);
});

test("that unconverted footage was deleted stays a problem", async () => {
  const chunk = writeChunk(join(disk.path, "a"), "a", minutesAgo(9000), 8999);
  const { reaper } = start(new ChangingConfig(configOf(root, cameras(), {})));
  await vi.waitFor(() => expect(existsSync(chunk)).toBe(false));
  const problem =
    "minutes that had not been converted, or were in quarantine, were deleted: 1; see whether a converter runs";
  await vi.waitFor(() => expect(reaper.problems()).toEqual([problem]));
  await sleep(300); // further passes
  expect(reaper.problems()).toEqual([problem]);
});

test("what is deleted out of quarantine is an alarm", async () => {
  const path = writeOld(join(disk.path, "a", "quarantine", `a.${minutesAgo(9000)}.chunk`), "x", 8999);
  const { reaper, log } = start(new ChangingConfig(configOf(root, cameras(), {})));
  await vi.waitFor(() => expect(existsSync(path)).toBe(false));
  await vi.waitFor(() => expect(log()).toContain("warn reaper: removed a"));
  expect(log()).toContain("it was in quarantine");
  await vi.waitFor(() =>
    expect(reaper.problems()).toEqual([expect.stringContaining("were in quarantine, were deleted: 1;")]),
  );
});

test("a goal that recorder.diskReserve raises is told once; a disk too small for it is a problem", async () => {
  const directory = join(disk.path, "a");
  writeMinute(directory, "a", minutesAgo(100));
  const config = configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 1 });
  const withReserve = (megabytes: number) => ({
    ...config,
    recorder: { ...config.recorder, diskReserveBytes: megabytes * MB },
  });
  const changing = new ChangingConfig(withReserve(1));
  const { reaper, log } = start(changing);
  await vi.waitFor(() => expect(reaper.forecasts()).toHaveLength(1));
  const toldTimes = () => log().split("MB are kept free, more than reaper asks for").length - 1;
  expect(toldTimes()).toBe(1);
  expect(reaper.problems()).toEqual([]);
  changing.change(withReserve(10));
  await vi.waitFor(() => expect(reaper.problems()).toEqual([expect.stringContaining("too small for recorder.disk")]));
  expect(toldTimes()).toBe(1);
});

test("what is foreseen: the rate of the finished days, and how many such days the disk holds", async () => {
  const directory = join(disk.path, "a");
  for (const days of [3, 2, 1]) writeMinute(directory, "a", minutesAgo(days * 1440), days === 3 ? 4000 : MB);
  const { reaper, metrics } = start(
    new ChangingConfig(configOf(root, [cameraConfig("a", directory)], { minFreeBytes: 2 * MB })),
  );
  await vi.waitFor(() => expect(reaper.forecasts()).toHaveLength(1));
  const [forecast] = reaper.forecasts();
  expect(forecast).toMatchObject({ directories: [directory], oldestDay: dayOf(minutesAgo(3 * 1440)) });
  expect(forecast?.bytesPerDay).toBeCloseTo(MB + 2 * 4096, -1);
  expect(forecast?.daysThatFit).toBeCloseTo((6 * MB) / (MB + 2 * 4096), 1);
  expect(await metrics.metrics()).toContain("hindsight_disk_days_that_fit{");
});

test("a disk whose statfs fails between two passes becomes a problem before the next pass is due", async () => {
  const directory = join(disk.path, "a");
  writeMinute(directory, "a", minutesAgo(100), MB);
  const config = new ChangingConfig(configOf(root, [cameraConfig("a", directory)], { intervalMs: HOUR_MS }));
  const { reaper } = start(config);
  await vi.waitFor(() => expect(reaper.forecasts()).toHaveLength(1));
  expect(reaper.problems()).toEqual([]);
  renameSync(directory, join(disk.path, "moved"));
  execFileSync("umount", ["--lazy", disk.path]);
  rmSync(disk.path, { recursive: true });
  await vi.waitFor(() => expect(reaper.problems()).toEqual([expect.stringContaining("does not answer")]), {
    timeout: 20_000,
  });
  mkdirSync(disk.path);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.path]);
});
