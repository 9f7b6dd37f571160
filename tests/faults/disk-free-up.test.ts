import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readChunkFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { SmallDiskFleet } from "./support/small-disk-fleet.ts";

const CLIP = { width: 320, height: 180, fps: 25, bitrateKbit: 200, gopFrames: 25, seconds: 20 };
const MIB = 2 ** 20;
const OLD_MINUTES = 20;

let disk: SmallDiskFleet;
let stoppedUs: number;
let oldMinutesLeft: number;

/**
 * Minutes of 1 MiB each, months old: the reaper only looks at names, sizes and places of files, not at their content.
 */
async function fillWithOldFootage(): Promise<void> {
  const day = join(disk.directory, "20260101");
  await mkdir(day, { recursive: true });
  for (let minute = 0; minute < OLD_MINUTES; minute++) {
    const name = join(day, `yard.20260101.12${String(minute).padStart(2, "0")}`);
    for (const ending of ["mp4", "preview.jpg", "thumbnail.jpg"]) {
      await writeFile(`${name}.${ending}`, Buffer.alloc(ending === "mp4" ? MIB : 1000));
    }
  }
}

/** Something else suddenly fills the disk between two checks of the reaper. */
beforeAll(async () => {
  disk = await SmallDiskFleet.prepare(CLIP, { reaper: { minFreePercent: 1 } });
  const { fleet, directory } = disk;
  await fillWithOldFootage();
  fleet.start("recorder", "converter", "reaper");
  const recorded = () => readChunkFrames(directory);
  await until("the camera to be recorded", 30_000, async () => (await recorded()).length > 2 * CLIP.fps);
  process.kill(fleet.pid("reaper"), "SIGSTOP");
  await disk.fill(2 * MIB);
  const fullUs = Date.now() * 1000;
  await until("the full disk to be met", 10_000, async () => fleet.log.includes("camera yard: cannot write"));
  process.kill(fleet.pid("reaper"), "SIGCONT");
  await until("recording to go on", 20_000, async () => {
    return ((await recorded()).at(-1)?.captureTimeUs ?? 0) > fullUs + 3_000_000;
  });
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  oldMinutesLeft = (await footage(directory, ".mp4")).filter((path) => path.includes("yard.20260101.")).length;
}, 200_000);

afterAll(() => disk?.stop());

test("the recorder asks for room, and the reaper hears it", () => {
  expect(disk.fleet.log).toContain(`space was asked for, for ${disk.directory}`);
});

test("the oldest footage goes, and recording goes on without a frame lost", async () => {
  expect(oldMinutesLeft).toBeLessThan(OLD_MINUTES);
  expect(oldMinutesLeft).toBeGreaterThan(0);
  const [recorded, sent] = [await readChunkFrames(disk.directory), await disk.simulator.readLog("yard")];
  expectUnbrokenRun("yard", recorded, sent, stoppedUs - 1_000_000);
});
