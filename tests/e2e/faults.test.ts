import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet, until } from "../support/fleet.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, type SentAccessUnit, startSimulator } from "../support/simulator.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 800, gopFrames: 25, seconds: 20 };
/** A frame is handed to the kernel at most 1 s after it came. */
const WRITTEN_US = 1_000_000;
const REDIS_AWAY_MS = 60_000;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let killedUs: number;
let stoppedUs: number;
let recorded: { sha256: string; captureTimeUs: number; file: string }[];
let sent: SentAccessUnit[];

const cameraFolder = () => join(fleet.storageRoot, "victim");

/**
 * One run in which everything goes wrong: Redis is killed and comes back empty a minute later; meanwhile the recorder is
 * killed in mid-minute and started again, with no Redis there; the converter is killed when it has a backlog.
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-faults-"));
  redis = await startRedis();
  simulator = await startSimulator({ cameras: [{ id: "victim", clip: CLIP }] });
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: { cameras: { victim: { url: simulator.url("victim") } }, converter: { sweepInterval: "5s" } },
  });
  fleet.start("recorder", "converter", "api");
  await until("the first frames", 30_000, async () => (await footage(cameraFolder(), ".chunk")).length > 0);
  await sleep(5000);
  const { port } = redis;
  await redis.kill();
  await sleep(15_000 + Math.random() * 10_000);
  killedUs = Date.now() * 1000;
  await fleet.end("recorder", "SIGKILL");
  fleet.start("recorder");
  await sleep(REDIS_AWAY_MS - 15_000);
  redis = await startRedis({ port });
  await until(
    "the first minute after Redis came back",
    120_000,
    async () => (await footage(cameraFolder(), ".mp4")).length > 0,
  );
  await fleet.end("converter", "SIGKILL");
  fleet.start("converter");
  await until("a second minute", 120_000, async () => (await footage(cameraFolder(), ".mp4")).length > 1);
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await until("the last minute", 120_000, async () => (await footage(cameraFolder(), ".chunk")).length === 0);
  recorded = await readTimedFrames(await footage(cameraFolder(), ".mp4"));
  sent = await simulator.readLog("victim");
}, 500_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("every frame written before the recorder was killed is in the mp4 files once", () => {
  const first = recorded[0] as { captureTimeUs: number };
  const due = sent.filter(
    ({ captureTimeUs }) => captureTimeUs > first.captureTimeUs - 20_000 && captureTimeUs < killedUs - WRITTEN_US,
  );
  const found = new Map<string, number>();
  for (const { sha256 } of recorded) found.set(sha256, (found.get(sha256) ?? 0) + 1);
  expect(due.length).toBeGreaterThan(400);
  expect(due.filter(({ sha256 }) => found.get(sha256) !== 1)).toEqual([]);
});

test("nothing is doubled, out of order, or there that was not sent", () => {
  const order = new Map(sent.map(({ sha256 }, index) => [sha256, index]));
  const indexes = recorded.map(({ sha256 }) => order.get(sha256) ?? -1);
  expect(indexes.every((index, i) => index > (indexes[i - 1] ?? -1))).toBe(true);
});

test("recording goes on while Redis is away: after the restart no frame is missing", () => {
  const after = recorded.filter(({ captureTimeUs }) => captureTimeUs > killedUs);
  const start = after[0] as { captureTimeUs: number };
  expect(start.captureTimeUs - killedUs, "µs until the new recorder's first frame").toBeLessThan(5_000_000);
  const due = sent.filter(
    ({ captureTimeUs }) => captureTimeUs > start.captureTimeUs - 20_000 && captureTimeUs < stoppedUs - WRITTEN_US,
  );
  const found = new Set(after.map(({ sha256 }) => sha256));
  expect(due.length).toBeGreaterThan(1000);
  expect(due.filter(({ sha256 }) => !found.has(sha256))).toEqual([]);
});

test("no chunk and no temporary file is left behind", async () => {
  expect(await footage(cameraFolder(), ".chunk")).toEqual([]);
  expect(await footage(cameraFolder(), ".tmp")).toEqual([]);
  expect(await footage(cameraFolder(), ".lock")).toEqual([]);
});
