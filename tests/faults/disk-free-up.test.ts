import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readChunkFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const run = promisify(execFile);
const CLIP = { width: 320, height: 180, fps: 25, bitrateKbit: 200, gopFrames: 25, seconds: 20 };
const MIB = 2 ** 20;
const RESERVE_BYTES = 12 * MIB;
const OLD_MINUTES = 20;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let stoppedUs: number;
let oldMinutesLeft: number;

const directory = () => join(fleet.storageRoot, "yard");

/** Months-old minutes of a MiB each: for the reaper a minute's files are their names, sizes and places. */
async function fillWithOldFootage(): Promise<void> {
  const day = join(directory(), "20260101");
  await mkdir(day, { recursive: true });
  for (let minute = 0; minute < OLD_MINUTES; minute++) {
    const name = join(day, `yard.20260101.12${String(minute).padStart(2, "0")}`);
    for (const ending of ["mp4", "preview.jpg", "thumbnail.jpg"]) {
      await writeFile(`${name}.${ending}`, Buffer.alloc(ending === "mp4" ? MIB : 1000));
    }
  }
}

/** Something else fills the disk in a moment, while the reaper does not look. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-free-up-"));
  redis = await startRedis();
  simulator = await startSimulator({ cameras: [{ id: "yard", clip: CLIP }] });
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: { yard: { url: simulator.url("yard") } },
      recorder: { diskReserve: RESERVE_BYTES },
      reaper: { minFreePercent: 1 },
    },
  });
  await mkdir(fleet.storageRoot);
  await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", fleet.storageRoot]); // needs root, and fails without
  await fillWithOldFootage();
  fleet.start("recorder", "converter", "reaper");
  await until(
    "the camera to be recorded",
    30_000,
    async () => (await readChunkFrames(directory())).length > 2 * CLIP.fps,
  );
  process.kill(fleet.pid("reaper"), "SIGSTOP");
  const { bavail, bsize } = await statfs(fleet.storageRoot);
  await writeFile(join(fleet.storageRoot, "filler"), Buffer.alloc(bavail * bsize - RESERVE_BYTES + 2 * MIB));
  const fullUs = Date.now() * 1000;
  await until("the full disk to be met", 10_000, async () => fleet.log.includes("camera yard: cannot write"));
  process.kill(fleet.pid("reaper"), "SIGCONT");
  await until("recording to go on", 20_000, async () => {
    return ((await readChunkFrames(directory())).at(-1)?.captureTimeUs ?? 0) > fullUs + 3_000_000;
  });
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  oldMinutesLeft = (await footage(directory(), ".mp4")).filter((path) => path.includes("yard.20260101.")).length;
}, 200_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await run("umount", ["--lazy", fleet.storageRoot]);
  await rm(folder, { recursive: true, force: true });
});

test("the recorder asks for room, and the reaper hears it", () => {
  expect(fleet.log).toContain(`space was asked for, for ${directory()}`);
});

test("the oldest footage goes, and recording goes on without a frame lost", async () => {
  expect(oldMinutesLeft).toBeLessThan(OLD_MINUTES);
  expect(oldMinutesLeft).toBeGreaterThan(0);
  const [recorded, sent] = [await readChunkFrames(directory()), await simulator.readLog("yard")];
  expectUnbrokenRun("yard", recorded, sent, stoppedUs - 1_000_000);
});
