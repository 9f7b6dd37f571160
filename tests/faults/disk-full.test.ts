import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStoredFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { clockAhead, secondsTo } from "../support/stepped-clock.ts";
import { SmallDiskFleet } from "./support/small-disk-fleet.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 1200, gopFrames: 25, seconds: 20 };

/** Second of the minute at which the fleet starts: the minute ends after the full disk has been reported. */
const START_SECOND = 40;

let disk: SmallDiskFleet;
let toldWhileFull: string[];
let minutesMadeWhileFull: number;
let stoppedUs: number;

const chunks = () => footage(disk.directory, ".chunk");

async function problems(): Promise<string[]> {
  const answer = await fetch(`${disk.fleet.apiUrl}/api/1/system.json`);
  const { payload } = (await answer.json()) as { payload: { problems: { message: string }[] } };
  return payload.problems.map(({ message }) => message);
}

/**
 * Something else fills the disk: recording stops before it is completely full, conversion continues. Then there is room
 * again.
 */
beforeAll(async () => {
  const converter = { sweepInterval: "2s", chunkIdle: "10s" };
  disk = await SmallDiskFleet.prepare(CLIP, { converter }, clockAhead(secondsTo(START_SECOND)));
  const { fleet } = disk;
  fleet.start("recorder", "converter", "api");
  await until("the first frames", 30_000, async () => (await chunks()).length > 0);
  await sleep(3000);
  await disk.fill(2 ** 20);
  toldWhileFull = await until("the full disk to be told", 30_000, async () => {
    const told = await problems();
    return told.some((message) => message.includes("kept for conversions")) && told;
  });
  await until("what lies on the full disk to be converted", 150_000, async () => (await chunks()).length === 0);
  minutesMadeWhileFull = (await footage(disk.directory, ".mp4")).length;
  await disk.makeRoom();
  await until("recording to go on by itself", 30_000, async () => (await chunks()).length > 0);
  await until("the trouble to be over", 30_000, async () => (await problems()).length === 0);
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await fleet.end("converter");
}, 500_000);

afterAll(() => disk?.stop());

test("a full disk is told, with what to do", () => {
  expect(toldWhileFull.join("\n")).toMatch(/cannot write in .*ENOSPC.*make room/);
});

test("on a full disk conversion goes on, from the reserve", () => {
  expect(minutesMadeWhileFull).toBeGreaterThan(0);
});

test("no frame is lost: what came meanwhile was held in memory, and written when there was room", async () => {
  const recorded = await readStoredFrames(disk.directory);
  const sent = await disk.simulator.readLog("yard");
  expectUnbrokenRun("yard", recorded, sent, stoppedUs - 1_000_000);
});
