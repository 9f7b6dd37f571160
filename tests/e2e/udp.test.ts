import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import { readChunkFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { GstreamerServer } from "../support/gstreamer.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, type SentAccessUnit, startSimulator } from "../support/simulator.ts";
import { SteppedClock } from "../support/stepped-clock.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 800, gopFrames: 25, seconds: 10 };
/** Numbers, counted from the first of the session, of the packets that the simulator drops. */
const LOST = [100, 101, 150, 233, 234, 235, 300, 377, 450, 520, 521, 600];
const REORDER = { probability: 0.1, distance: 3 };
const RECORDED = ["unordered", "lossy", "gstreamer"];
/** Second of the minute at which the fleet starts: what is checked happens before its end. */
const START_SECOND = 38;
/** A sender that pauses this long while it holds a packet back may send it only after the recorder has given it up. */
const PAUSE_US = 100_000;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let gstreamer: GstreamerServer;
let clock: SteppedClock;
let fleet: Fleet;
let stoppedUs: number;
let statuses: Map<string, CameraStatus>;

async function readStatuses(): Promise<Map<string, CameraStatus>> {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`).catch(() => undefined);
  const system = (await answer?.json()) as { payload: { cameras: CameraStatus[] } } | undefined;
  return new Map(system?.payload.cameras.map((status) => [status.camera, status]));
}

/** Everything recorded of a camera: its minute, and then what is still a chunk. */
async function recordedOf(camera: string): Promise<{ file: string; sha256: string; captureTimeUs: number }[]> {
  const directory = join(fleet.storageRoot, camera);
  return [...(await readTimedFrames(await footage(directory, ".mp4"))), ...(await readChunkFrames(directory))];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-udp-"));
  clock = await SteppedClock.create(folder);
  redis = await startRedis();
  simulator = await startSimulator({
    cameras: [
      { id: "unordered", clip: CLIP, transports: ["udp"], faults: { reorder: REORDER, seed: 3 } },
      { id: "lossy", clip: CLIP, transports: ["udp"], faults: { reorder: REORDER, loss: { packets: LOST }, seed: 4 } },
      { id: "silent", clip: CLIP, faults: { stall: true } },
      { id: "tcp-only", clip: CLIP, transports: ["tcp"] },
    ],
  });
  gstreamer = await GstreamerServer.start(folder, "--gop", "25", "--bitrate", "800");
  const ids = ["unordered", "lossy", "silent", "tcp-only"];
  const urls = [...ids.map((id) => [id, simulator.url(id)] as const), ["gstreamer", gstreamer.url] as const];
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    environment: clock.environment,
    config: {
      recorder: { connectTimeout: "4s", retryMin: "1s", retryMax: "60s" },
      cameras: Object.fromEntries(urls.map(([id, url]) => [id, { url, transport: "udp" }])),
    },
  });
  await clock.setSecondOfMinute(START_SECOND);
  fleet.start("recorder", "api");
  const isRecorded = ({ state }: CameraStatus) => state === "recording";
  await until("every camera to be recorded or told", 30_000, async () => {
    const now = await readStatuses();
    const isTold = ["silent", "tcp-only"].every((id) => now.get(id)?.problem !== undefined);
    return isTold && RECORDED.every((id) => now.has(id) && isRecorded(now.get(id) as CameraStatus));
  });
  fleet.start("converter");
  await until("the first minute", 75_000, async () => {
    const counts = await Promise.all(
      RECORDED.map(async (id) => (await footage(join(fleet.storageRoot, id), ".mp4")).length),
    );
    return counts.every((count) => count > 0);
  });
  await until("the losses to be told", 10_000, async () => {
    statuses = await readStatuses();
    return (statuses.get("lossy")?.lostPackets ?? 0) >= LOST.length;
  });
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await fleet.end("converter");
}, 180_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await gstreamer?.stop();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The frames around a pause of the sender: this machine delayed their packets by more than a camera ever would. */
function besidePauses(sent: readonly SentAccessUnit[]): Set<string> {
  const excused = new Set<string>();
  for (const [i, unit] of sent.entries()) {
    if (i === 0 || unit.sentAtUs - (sent[i - 1] as SentAccessUnit).sentAtUs < PAUSE_US) continue;
    for (const beside of sent.slice(Math.max(0, i - 2), i + 1)) excused.add(beside.sha256);
  }
  return excused;
}

test.each(["unordered", "lossy"])(
  "%s: whatever was sent whole is recorded once, in order, and the losses are counted",
  async (id) => {
    const log = await simulator.readLog(id);
    expect(new Set(log.map(({ session }) => session)).size, "sessions").toBe(1);
    expect((await simulator.readEvents(id)).find(({ event }) => event === "session-start")).toMatchObject({
      transport: "udp",
    });
    expect(new Set(log.map(({ sha256 }) => sha256)).size, "different frames").toBe(log.length);
    const excused = besidePauses(log);
    const lost = id === "lossy" ? LOST.length : 0;
    const { lostPackets, damagedFrames } = statuses.get(id) as CameraStatus;
    expect(lostPackets, "lost packets").toBeGreaterThanOrEqual(lost);
    expect(lostPackets - lost, "packets lost beside pauses").toBeLessThanOrEqual(excused.size);
    const damaged = log.filter(({ dropped }) => dropped).length;
    expect(damagedFrames, "damaged frames").toBeLessThanOrEqual(damaged + excused.size);
    // A frame that lost a packet without slices (its SEI) is kept.
    const whole = new Set(log.filter(({ dropped }) => !dropped).map(({ sha256 }) => sha256));
    const recorded = (await recordedOf(id)).filter(({ sha256 }) => whole.has(sha256));
    const known = new Set(recorded.map(({ sha256 }) => sha256));
    const expected = log.filter(({ dropped, sha256 }) => !dropped && (known.has(sha256) || !excused.has(sha256)));
    const run = expectUnbrokenRun(id, recorded, expected, stoppedUs - 1_000_000);
    expect(run.length).toBeGreaterThan(200);
  },
);

test("every frame of GStreamer's server is recorded over UDP, and none lost", async () => {
  const recorded = await recordedOf("gstreamer");
  expect(statuses.get("gstreamer")).toMatchObject({ lostPackets: 0, damagedFrames: 0, sessions: 1 });
  const run = expectUnbrokenRun("gstreamer", recorded, await gstreamer.readLog(), stoppedUs - 1_000_000);
  expect(run.length).toBeGreaterThan(200);
});

test("a camera of which no UDP packet comes is told, with what to do", () => {
  const { state, problem } = statuses.get("silent") as CameraStatus;
  expect([state, problem]).toEqual([
    "connecting",
    expect.stringMatching(/^no UDP packets came within \d+ s: a firewall .* set transport to tcp$/),
  ]);
});

test("a camera that refuses UDP is told, with what to do", () => {
  const { state, problem } = statuses.get("tcp-only") as CameraStatus;
  expect([state, problem]).toEqual([
    "refused",
    expect.stringMatching(/461 .*`transport` to the other of tcp and udp$/),
  ]);
});
