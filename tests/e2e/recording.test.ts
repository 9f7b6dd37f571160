import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Canary } from "../faults/support/canary.ts";
import { type PlayedFrame, readPlayedFrames } from "../support/browser.ts";
import { expectTimes, expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { GstreamerServer } from "../support/gstreamer.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { dumpRedis, startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";
import { clockAhead, secondsTo } from "../support/stepped-clock.ts";

const SECRET = "s3cret/p@ss";
const CLIP = { width: 1280, height: 720, fps: 25, bitrateKbit: 1500, gopFrames: 50, seconds: 20 };
const CAMERAS = ["plain", "b-frames", "slices", "gop-cache"];
/**
 * Second of the minute at which the fleet starts, so that some of that minute is recorded after the services have
 * started.
 */
const START_SECOND = 45;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let gstreamer: GstreamerServer;
let canary: Canary;
let fleet: Fleet;
/** By how many seconds the fleet's clock is ahead. */
let aheadS: number;
let stoppedUs: number;

/** Files of all cameras with an ending that should not exist when everything is converted. */
async function filesLeft(ending: string): Promise<string[]> {
  const found = [...CAMERAS, "gstreamer"].map((id) => footage(join(fleet.storageRoot, id), ending));
  return (await Promise.all(found)).flat();
}

/** Subtracts by how much the fleet's clock was ahead. */
const inTrueTime = <Frame extends { captureTimeUs: number }>(frame: Frame): Frame => ({
  ...frame,
  captureTimeUs: frame.captureTimeUs - aheadS * 1_000_000,
});

const minutesOf = (camera: string) => footage(join(fleet.storageRoot, camera), ".mp4");

/** All tests here check one run of the fleet, over one full minute and parts of the minutes around it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-e2e-"));
  redis = await startRedis();
  simulator = await startSimulator({
    cameras: [
      { id: "plain", clip: CLIP, auth: { user: "viewer", password: SECRET } },
      { id: "b-frames", clip: { ...CLIP, bFrames: 2 } },
      { id: "slices", clip: { ...CLIP, slices: 4 }, accessUnitDelimiters: true, aggregate: true, join: "immediately" },
      { id: "gop-cache", clip: CLIP, join: "gop-cache" },
    ],
  });
  gstreamer = await GstreamerServer.start(folder);
  canary = await Canary.start(folder);
  const urls = Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id) }]));
  aheadS = secondsTo(START_SECOND);
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    environment: clockAhead(aheadS),
    config: {
      cameras: {
        ...urls,
        plain: { url: simulator.url("plain", { user: "viewer", password: SECRET }) },
        gstreamer: { url: gstreamer.url },
      },
    },
  });
  fleet.start("recorder");
  await until("every camera to be recorded", 30_000, async () => {
    const chunks = await Promise.all(
      [...CAMERAS, "gstreamer"].map((id) => footage(join(fleet.storageRoot, id), ".chunk")),
    );
    return chunks.every(({ length }) => length > 0);
  });
  fleet.start("converter", "reaper", "api"); // later: starting takes CPU while clocks are anchored
  await until("a whole minute of every camera", 180_000, async () => {
    const counts = await Promise.all([...CAMERAS, "gstreamer"].map(async (id) => (await minutesOf(id)).length));
    return counts.every((count) => count >= 2);
  });
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  // The last minute is not over yet, except for a converter whose clock is further ahead.
  await fleet.end("converter");
  fleet.startReplica("converter", "converter", { environment: clockAhead(aheadS + 2 * 60) });
  await until("the last minute of every camera", 90_000, async () => {
    return (await filesLeft(".chunk")).length === 0;
  });
}, 400_000);

afterAll(async () => {
  await fleet?.stop();
  canary?.stop();
  await simulator?.remove();
  await gstreamer?.stop();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(CAMERAS)("camera %s", (camera) => {
  test("every frame sent is in the mp4 files exactly once, in order, within 20 ms of its time", async () => {
    const recorded = (await readTimedFrames(await minutesOf(camera))).map(inTrueTime);
    const sent = await simulator.readLog(camera);
    const expected = expectUnbrokenRun(camera, recorded, sent, stoppedUs - 1_000_000);
    expectTimes(camera, recorded, expected, 20);
  });

  test("every minute begins with a keyframe at or after its name, and decode times rise", async () => {
    for (const file of await minutesOf(camera)) {
      const frames = await readTimedFrames([file]);
      expect(frames[0]?.isKeyframe, file).toBe(true);
      const name = new Date((frames[0]?.captureTimeUs ?? 0) / 1000).toISOString().replace(/[-:]/g, "");
      expect(file).toContain(`.${name.slice(0, 8)}.${name.slice(9, 13)}.`);
      expect(
        frames.every((frame, i) => i === 0 || frame.dts > (frames[i - 1]?.dts ?? 0)),
        file,
      ).toBe(true);
    }
  });

  test("every minute has a preview and a thumbnail", async () => {
    const previews = await footage(join(fleet.storageRoot, camera), ".preview.jpg");
    const thumbnails = await footage(join(fleet.storageRoot, camera), ".thumbnail.jpg");
    const minutes = await minutesOf(camera);
    expect(previews.map((name) => name.replace(".preview.jpg", ".mp4"))).toEqual(minutes);
    expect(thumbnails.map((name) => name.replace(".thumbnail.jpg", ".mp4"))).toEqual(minutes);
  });
});

test("every frame of a third party's RTSP server (GStreamer) is recorded once, in order, within 20 ms", async () => {
  const recorded = (await readTimedFrames(await minutesOf("gstreamer"))).map(inTrueTime);
  const pushed = await gstreamer.readLog();
  const expected = expectUnbrokenRun("gstreamer", recorded, pushed, stoppedUs - 1_000_000);
  const firstUs = expected[0]?.captureTimeUs ?? 0;
  const { promptUs, usualUs, atFirstUs } = await gstreamer.latenessUs(firstUs);
  const latenessUs = recorded.map((frame, i) => frame.captureTimeUs - (expected[i]?.captureTimeUs ?? 0));
  // A recorder only knows arrival times. It anchors its clock by the least delayed of the first half second, and steers
  // slowly.
  const stoodStillUs = await canary.stoodStillUs(firstUs, firstUs + 1_000_000);
  expect(Math.min(...latenessUs), "µs").toBeGreaterThan(promptUs - 20_000);
  expect(Math.max(...latenessUs), "µs").toBeLessThan(Math.max(usualUs, atFirstUs) + stoodStillUs + 20_000);
});

test("the api lists, serves and joins what was recorded", async () => {
  const minutes = await minutesOf("plain");
  const [first, second] = minutes.map((file) => /plain\.(\d{8}\.\d{4})\.mp4$/.exec(file)?.[1] as string);
  const day = (first as string).slice(0, 8);
  const listing = (await (await fetch(`${fleet.apiUrl}/api/1/cameras/${day}?camera_ids=plain`)).json()) as {
    payload: { min: string; dates: Record<string, string[]> };
  };
  expect(listing.payload.dates[first as string]).toEqual(["plain"]);
  const range = await fetch(`${fleet.apiUrl}/api/1/camera/plain.range.${first}.to.${second}.mp4`);
  expect(range.status).toBe(200);
  const joined = join(folder, "joined.mp4");
  await writeFile(joined, Buffer.from(await range.arrayBuffer()));
  const frames = await readTimedFrames([joined]);
  const separate = await readTimedFrames(minutes.slice(0, 2));
  expect(frames.map((frame) => frame.sha256)).toEqual(separate.map((frame) => frame.sha256));
  const worstUs = frames.reduce(
    (worst, frame, i) => Math.max(worst, Math.abs(frame.captureTimeUs - (separate[i]?.captureTimeUs ?? 0))),
    0,
  );
  expect(worstUs, "largest difference of a capture time, µs").toBeLessThan(100);
});

test.each(["plain", "b-frames"])("a minute of %s plays in Chromium, frame after frame", async (camera) => {
  const minutes = await minutesOf(camera);
  const minute = /\.(\d{8}\.\d{4})\.mp4$/.exec(minutes[1] as string)?.[1];
  const played = await readPlayedFrames(`${fleet.apiUrl}/api/1/camera/${camera}.preview.${minute}.mp4`, 60);
  const length = CLIP.fps * CLIP.seconds;
  const passed = (from: PlayedFrame, to: PlayedFrame) => (to.counter - from.counter + length) % length;
  const first = played[0] as PlayedFrame;
  for (const [i, frame] of played.entries()) {
    // On a busy machine the browser drops frames, but still knows its position, with the tolerance of one drawn
    // meanwhile.
    const due = (frame.mediaTime - first.mediaTime) * CLIP.fps;
    expect(Math.abs(passed(first, frame) - due), JSON.stringify(played)).toBeLessThan(8);
    expect(passed(played[i - 1] ?? frame, frame), JSON.stringify(played)).toBeLessThan(length / 2);
  }
});

test("no secret is in a log, an answer or a job", async () => {
  const system = await (await fetch(`${fleet.apiUrl}/api/1/system.json`)).text();
  const shown = [fleet.log, system, await dumpRedis(redis.url)].join("\n");
  for (const form of [SECRET, encodeURIComponent(SECRET)]) expect(shown.includes(form)).toBe(false);
});

test("a fleet that stops in good order leaves no chunk, no temporary file and no complaint", async () => {
  expect([...(await filesLeft(".tmp")), ...(await filesLeft(".chunk"))]).toEqual([]);
  expect(fleet.log.split("\n").filter((line) => / error /.test(line))).toEqual([]);
});
