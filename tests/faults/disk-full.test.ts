import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStoredFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const run = promisify(execFile);
const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 1200, gopFrames: 25, seconds: 20 };
const RESERVE_BYTES = 12 * 2 ** 20;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let toldWhileFull: string[];
let minutesMadeWhileFull: number;
let stoppedUs: number;

const cameraFolder = () => join(fleet.storageRoot, "yard");
const chunks = () => footage(cameraFolder(), ".chunk");

async function problems(): Promise<string[]> {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`);
  const { payload } = (await answer.json()) as { payload: { problems: { message: string }[] } };
  return payload.problems.map(({ message }) => message);
}

/** Something else fills the disk; recording stops before it is quite full, conversion does not; then there is room again. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-disk-"));
  redis = await startRedis();
  simulator = await startSimulator({ cameras: [{ id: "yard", clip: CLIP }] });
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: { yard: { url: simulator.url("yard") } },
      recorder: { diskReserve: `${RESERVE_BYTES}` },
      converter: { sweepInterval: "5s" },
    },
  });
  await mkdir(fleet.storageRoot);
  await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", fleet.storageRoot]); // needs root, and fails without
  fleet.start("recorder", "converter", "api");
  await until("the first frames", 30_000, async () => (await chunks()).length > 0);
  await sleep(5000);
  const { bavail, bsize } = await statfs(fleet.storageRoot);
  await writeFile(join(fleet.storageRoot, "filler"), Buffer.alloc(bavail * bsize - RESERVE_BYTES + 2 ** 20));
  toldWhileFull = await until("the full disk to be told", 30_000, async () => {
    const told = await problems();
    return told.some((message) => message.includes("kept for conversions")) && told;
  });
  await until("what lies on the full disk to be converted", 150_000, async () => (await chunks()).length === 0);
  minutesMadeWhileFull = (await footage(cameraFolder(), ".mp4")).length;
  await rm(join(fleet.storageRoot, "filler"));
  await until("recording to go on by itself", 30_000, async () => (await chunks()).length > 0);
  await until("the trouble to be over", 30_000, async () => (await problems()).length === 0);
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await fleet.end("converter");
}, 500_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await run("umount", ["--lazy", fleet.storageRoot]);
  await rm(folder, { recursive: true, force: true });
});

test("a full disk is told, with what to do", () => {
  expect(toldWhileFull.join("\n")).toMatch(/cannot write in .*ENOSPC.*make room/);
});

test("on a full disk conversion goes on, from the reserve", () => {
  expect(minutesMadeWhileFull).toBeGreaterThan(0);
});

test("no frame is lost: what came meanwhile was held in memory, and written when there was room", async () => {
  const recorded = await readStoredFrames(cameraFolder());
  const sent = await simulator.readLog("yard");
  expectUnbrokenRun("yard", recorded, sent, stoppedUs - 1_000_000);
});
