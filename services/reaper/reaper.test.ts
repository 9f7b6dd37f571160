import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Config, LiveConfig } from "../../shared/config/config.ts";
import { createLogger } from "../../shared/logging/create-logger.ts";
import { Reaper } from "./reaper.ts";
import { cameraConfig, configOf, minutesAgo, SmallDisk, writeMinute, writeOld } from "./testing.ts";

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

function start(config: ChangingConfig) {
  const output = new PassThrough();
  let log = "";
  output.on("data", (data) => {
    log += data;
  });
  const metrics = new Registry();
  reaper = new Reaper({ config, metrics, logger: createLogger({ service: "reaper", config, output }) });
  return { reaper, metrics, log: () => log };
}

const cameras = () => [cameraConfig("a", join(disk.path, "a"), { maxAgeDays: 1 })];

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
  await sleep(400);
  expect(existsSync(file)).toBe(true);
  expect(log().match(/would remove a /g)).toHaveLength(1);
  expect(log()).toContain("dry run: would remove 1 minutes");
});

const MB = 1024 * 1024;
