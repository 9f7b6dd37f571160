import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { footage, readFrames } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";
import { SteppedClock } from "../support/stepped-clock.ts";

const CAMERAS = ["plain", "b-frames"];
const CLIP = { width: 320, height: 180, fps: 25, bitrateKbit: 200, gopFrames: 25, seconds: 20 };
const HOUR_S = 3600;
/** How long to record before the clock is set forward, and again after it was set back. */
const STRETCH_MS = 8000;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let clock: SteppedClock;
let stoppedUs: number;
let repeatedMinute: string;
let minuteAnHourOn: string;

const folderOf = (camera: string) => join(fleet.storageRoot, camera);
const nameOf = (ms: number) => new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 12);
const minuteName = (ms: number) => nameOf(ms).replace(/^(.{8})/, "$1.");

/** The host's wall clock shows a minute, then one an hour later, then, after it is set back, the same minute again. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-clock-"));
  clock = await SteppedClock.create(folder);
  redis = await startRedis();
  simulator = await startSimulator({
    cameras: [
      { id: "plain", clip: CLIP },
      { id: "b-frames", clip: { ...CLIP, bFrames: 2 } },
    ],
  });
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id) }])),
      converter: { sweepInterval: "2s", chunkIdle: "10s" },
    },
    environment: clock.environment,
  });
  // Each time the clock is set to ten seconds past a full minute, so that each recording is within one minute.
  await clock.setSecondOfMinute(10);
  const early = -clock.offsetS;
  repeatedMinute = minuteName(clock.nowMs());
  fleet.start("recorder", "converter", "api");
  await until("both cameras to be recorded", 40_000, async () => {
    const chunks = await Promise.all(CAMERAS.map((camera) => footage(folderOf(camera), ".chunk")));
    return chunks.every(({ length }) => length === 1);
  });
  const startedMs = Date.now();
  await sleep(STRETCH_MS);
  await clock.setOffset(HOUR_S - early);
  minuteAnHourOn = minuteName(clock.nowMs());
  await until("the first minute to be converted: it is over by the clock", 60_000, async () => {
    const minutes = await Promise.all(CAMERAS.map((camera) => footage(folderOf(camera), `.${repeatedMinute}.mp4`)));
    return minutes.every(({ length }) => length === 1);
  });
  await clock.setOffset(-early - (Date.now() - startedMs) / 1000);
  await sleep(STRETCH_MS);
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await clock.setOffset(2 * HOUR_S);
  await until("everything to be converted", 120_000, async () => {
    return (await Promise.all(CAMERAS.map((camera) => footage(folderOf(camera), ".chunk")))).flat().length === 0;
  });
}, 300_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(CAMERAS)("camera %s, whose host's clock was set forward by an hour and back again", (camera) => {
  test("every frame sent is in the store exactly once", async () => {
    const sent = await simulator.readLog(camera);
    const order = new Map(sent.map(({ sha256 }, index) => [sha256, index]));
    const frames = (
      await Promise.all((await footage(folderOf(camera), ".mp4")).map((file) => readFrames(file)))
    ).flat();
    frames.sort((a, b) => (order.get(a.sha256) ?? -1) - (order.get(b.sha256) ?? -1));
    expectUnbrokenRun(camera, frames, sent, stoppedUs - 1_000_000);
  });

  test("the minute that came twice holds both", async () => {
    const files = await footage(folderOf(camera), ".mp4");
    expect(files.map((file) => basename(file))).toEqual(
      expect.arrayContaining([`${camera}.${repeatedMinute}.mp4`, `${camera}.${minuteAnHourOn}.mp4`]),
    );
    const repeated = files.find((file) => file.includes(repeatedMinute)) as string;
    expect((await readFrames(repeated)).length, "frames of both stretches").toBeGreaterThan(2 * 6 * 25);
  });

  test("the api lists both and serves them whole", async () => {
    const day = repeatedMinute.slice(0, 8);
    const listing = (await (await fetch(`${fleet.apiUrl}/api/1/cameras/${day}?camera_ids=${camera}`)).json()) as {
      payload: { dates: Record<string, string[]> };
    };
    expect(Object.keys(listing.payload.dates)).toContain(repeatedMinute);
    const answer = await fetch(`${fleet.apiUrl}/api/1/camera/${camera}.preview.${repeatedMinute}.mp4`);
    expect(answer.status).toBe(200);
    const file = (await footage(folderOf(camera), `.${repeatedMinute}.mp4`))[0] as string;
    expect(Buffer.from(await answer.arrayBuffer()).equals(await readFile(file))).toBe(true);
  });
});
