import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import { readChunkFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { freePort, startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";
import { SteppedClock } from "../support/stepped-clock.ts";

const run = promisify(execFile);
const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 600, gopFrames: 25, seconds: 10 };
const SUB = { ...CLIP, width: 320, height: 240, bitrateKbit: 200 };
const CHANGED = { width: 480, height: 272, profile: "high" };
const MINUTE_MS = 60_000;
/**
 * Second of the minute at which the fleet starts: what happens in this minute takes 15 s, and the services need some
 * time to start.
 */
const START_SECOND = 38;
/**
 * From this long before a minute's end to this long after it half of a camera's packets are lost: no keyframe arrives
 * complete.
 */
const STORM_MS = [1500, 2500] as const;

/**
 * Only this camera has a short keyframe timeout: the packet loss causes longer pauses on another, which must not be
 * given up.
 */
const TIMERS: Record<string, object> = { endless: { keyframeTimeout: "5s" } };

interface Seen {
  status: CameraStatus;
  metrics: string;
}

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let clock: SteppedClock;
let fleet: Fleet;
let metricsPort: number;
let stoppedUs: number;
/** When the packet loss ended, by the wall clock. */
let calmUs: number;
let refused: CameraStatus;
let givenUp: CameraStatus;
let backAgain: CameraStatus;
let before: CameraStatus;
const atEnd = new Map<string, Seen>();

const mp4sOf = (camera: string) => footage(join(fleet.storageRoot, camera), ".mp4");

async function statusOf(camera: string): Promise<CameraStatus | undefined> {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`).catch(() => undefined);
  const system = (await answer?.json()) as { payload: { cameras: CameraStatus[] } } | undefined;
  return system?.payload.cameras.find((status) => status.camera === camera);
}

/** Waits for a status for which `fits` returns true, and returns it. */
function told(camera: string, what: string, fits: (status: CameraStatus) => boolean): Promise<CameraStatus> {
  return until(`${camera}: ${what}`, 30_000, async () => {
    const status = await statusOf(camera);
    return status !== undefined && fits(status) && status;
  });
}

/** The camera stops sending keyframes until that is noticed. */
async function endlessGop(): Promise<void> {
  await simulator.setFault("endless", { endlessGop: true });
  givenUp = await told("endless", "is given up", ({ problem }) => problem !== undefined);
  await simulator.setFault("endless", { endlessGop: null });
  backAgain = await told(
    "endless",
    "is recorded again",
    ({ state, sessions }) => state === "recording" && sessions > 1,
  );
}

/**
 * One run across the end of a minute: the first minute is converted, the second still a chunk when the recorder stops.
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-streams-"));
  clock = await SteppedClock.create(folder);
  redis = await startRedis();
  simulator = await startSimulator({
    cameras: [
      { id: "door-main", clip: CLIP },
      { id: "door-sub", clip: SUB },
      { id: "changing", clip: CLIP },
      { id: "lossy", clip: CLIP },
      { id: "endless", clip: CLIP },
      { id: "hevc", clip: CLIP, faults: { h265Only: true } },
    ],
  });
  await simulator.setFault("changing", { parameterChange: CHANGED }); // encodes the clip in advance
  await simulator.setFault("changing", { parameterChange: {} });
  await simulator.setFault("endless", { endlessGop: true });
  await simulator.setFault("endless", { endlessGop: null });
  const ids = ["door-main", "door-sub", "changing", "lossy", "endless", "hevc"];
  metricsPort = await freePort();
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    environment: clock.environment,
    config: {
      health: { recorderPort: metricsPort, converterPort: 0, reaperPort: 0 },
      recorder: { retryMin: "500ms", retryMax: "1s" },
      cameras: Object.fromEntries(ids.map((id) => [id, { url: simulator.url(id), ...TIMERS[id] }])),
    },
  });
  await clock.setSecondOfMinute(START_SECOND);
  fleet.start("recorder", "api");
  before = await told("changing", "is recorded", ({ state }) => state === "recording");
  await told("lossy", "is recorded", ({ state }) => state === "recording");
  await told("endless", "is recorded", ({ state }) => state === "recording");
  const minuteEndMs = (Math.floor(clock.nowMs() / MINUTE_MS) + 1) * MINUTE_MS;
  await simulator.setFault("changing", { parameterChange: CHANGED });
  const endless = endlessGop();
  endless.catch(() => {}); // it is awaited below
  refused = await told("hevc", "is refused", ({ problem }) => problem !== undefined);
  fleet.start("converter");
  await sleep(Math.max(0, minuteEndMs - STORM_MS[0] - clock.nowMs()));
  await simulator.setFault("lossy", { loss: { probability: 0.5 } });
  await sleep(Math.max(0, minuteEndMs + STORM_MS[1] - clock.nowMs()));
  await simulator.setFault("lossy", { loss: null });
  calmUs = Date.now() * 1000;
  await endless;
  await until("the first minute of every camera", 30_000, async () => {
    const counts = await Promise.all(
      ["door-main", "door-sub", "changing", "lossy"].map(async (id) => (await mp4sOf(id)).length),
    );
    return counts.every((count) => count >= 1);
  });
  await told(
    "lossy",
    "all its losses are told",
    ({ newestFrame = "" }) => Date.parse(newestFrame) > calmUs / 1000 + clock.offsetS * 1000 + 1000,
  );
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  for (const id of ids) atEnd.set(id, { status: (await statusOf(id)) as CameraStatus, metrics });
  stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await fleet.end("converter");
}, 180_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Everything recorded of a camera: the converted minutes, and then the chunks that are not converted. */
async function recordedOf(
  camera: string,
): Promise<{ file: string; sha256: string; captureTimeUs: number; isKeyframe: boolean }[]> {
  return [
    ...(await readTimedFrames(await mp4sOf(camera))),
    ...(await readChunkFrames(join(fleet.storageRoot, camera))),
  ];
}

test.each(["door-main", "door-sub"])(
  "main and sub stream of one camera: of %s every frame is recorded",
  async (camera) => {
    expectUnbrokenRun(camera, await recordedOf(camera), await simulator.readLog(camera), stoppedUs - 1_000_000);
  },
);

describe("a camera whose resolution and parameter sets change in mid-stream", () => {
  test("every frame is recorded, in one session and one file", async () => {
    const recorded = await recordedOf("changing");
    expectUnbrokenRun("changing", recorded, await simulator.readLog("changing"), stoppedUs - 1_000_000);
    const events = await simulator.readEvents("changing");
    expect(events.filter(({ event }) => event === "session-start").length).toBe(1);
    expect((await mp4sOf("changing")).length).toBe(1);
  });

  test("the minute plays to its end without complaint, in both sizes", async () => {
    const [minute] = await mp4sOf("changing");
    const { stderr } = await run("ffmpeg", ["-v", "error", "-xerror", "-i", minute as string, "-f", "null", "-"]);
    expect(stderr).toBe("");
    const shown = await run("ffprobe", [
      "-v",
      "error",
      "-select_streams",
      "v",
      "-show_entries",
      "frame=width,height",
      "-of",
      "csv=p=0",
      minute as string,
    ]);
    const sizes = shown.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace(/,$/, ""));
    expect([...new Set(sizes)]).toEqual(["640,360", "480,272"]);
    expect(sizes.length).toBe((await readTimedFrames([minute as string])).length);
  });

  test("the status shows the new size and codec", () => {
    expect([before.width, before.height, before.codec?.slice(0, 7)]).toEqual([640, 360, "avc1.4d"]);
    const { status } = atEnd.get("changing") as Seen;
    expect([status.width, status.height, status.codec?.slice(0, 7)]).toEqual([480, 272, "avc1.64"]);
  });
});

test("a camera with H.265 only is refused, with the reason and what to do", () => {
  expect(refused.state).toBe("refused");
  expect(refused.problem).toMatch(/the camera's video is H265; only H.264 can be recorded: set its encoder to H.264/);
});

describe("a camera that loses packets over TCP", () => {
  test("whole frames are recorded once, in order, damaged ones are not, and all are counted", async () => {
    const events = await simulator.readEvents("lossy");
    expect(events.filter(({ event }) => event === "session-start").length).toBe(1);
    const log = await simulator.readLog("lossy");
    const hashes = new Set(log.map(({ sha256 }) => sha256));
    const recorded = await recordedOf("lossy");
    const known = recorded.filter(({ sha256 }) => hashes.has(sha256));
    // A keyframe that lost only its parameter sets is complete again: the active ones are inserted.
    const kept = new Set(known.map(({ sha256 }) => sha256));
    const whole = log.filter(({ dropped, keyframe, sha256 }) => !dropped || (keyframe && kept.has(sha256)));
    expectUnbrokenRun("lossy", known, whole, stoppedUs - 1_000_000);
    const damaged = log.filter(({ dropped }) => dropped);
    const { status } = atEnd.get("lossy") as Seen;
    expect(damaged.length).toBeGreaterThan(30);
    // A frame that lost every packet is not noticed; one that lost a packet without slices (its SEI) is kept.
    expect(status.damagedFrames).toBeGreaterThan(damaged.length / 2);
    expect(status.damagedFrames + recorded.length - known.length).toBeLessThanOrEqual(damaged.length);
    expect(status.lostPackets).toBeGreaterThanOrEqual(damaged.length);
  });

  test("the next minute begins with a whole keyframe, however long it takes to come", async () => {
    const recorded = await recordedOf("lossy");
    const second = recorded.findIndex(({ file }) => file !== recorded[0]?.file);
    const first = recorded[second];
    expect(first?.isKeyframe).toBe(true);
    const sent = (await simulator.readLog("lossy")).find(({ sha256 }) => sha256 === first?.sha256);
    expect(sent).toMatchObject({ keyframe: true, dropped: false });
    expect(sent?.sentAtUs).toBeGreaterThan(calmUs - 100_000);
    const keyframesLost = (await simulator.readLog("lossy")).filter(({ keyframe, dropped }) => keyframe && dropped);
    expect(keyframesLost.length).toBeGreaterThanOrEqual(2);
  });
});

test("a stream without a keyframe for keyframeTimeout is given up, with the reason, and begun anew", () => {
  expect(givenUp.problem).toMatch(/no keyframe for 5 s: set a keyframe \(I-frame, IDR\) interval/);
  expect(backAgain.problem).toBeUndefined();
  expect(backAgain.reconnects).toBe(1);
});

describe("the state of a camera", () => {
  test("is whole in the api's system.json", () => {
    const { status } = atEnd.get("door-main") as Seen;
    expect(status).toMatchObject({
      camera: "door-main",
      state: "recording",
      codec: "avc1.4d401e",
      width: 640,
      height: 360,
    });
    expect(Date.parse(status.since)).toBeLessThan(clock.nowMs());
    expect(status.framesPerSecond).toBeCloseTo(25, 0);
    expect(status.keyframeIntervalMs).toBeCloseTo(1000, -1);
    expect(status.bitsPerSecond).toBeGreaterThan(100_000);
    expect(status.frames).toBeGreaterThan(100);
    expect(status.bytes).toBeGreaterThan(100_000);
    expect(status).toMatchObject({ lostPackets: 0, damagedFrames: 0, reconnects: 0, sessions: 1 });
  });

  test("is whole in the recorder's metrics", () => {
    const { metrics } = atEnd.get("door-main") as Seen;
    const labels = (camera: string) => `\\{camera="${camera}"[^}]*\\}`;
    const metric = (name: string, camera: string) =>
      Number(new RegExp(`^hindsight_camera_${name}${labels(camera)} (\\S+)$`, "m").exec(metrics)?.[1]);
    expect(metric("recording", "door-main")).toBe(1);
    expect(metric("recording", "hevc")).toBe(0);
    expect(metrics).toMatch(/^hindsight_camera_state\{camera="hevc",state="refused"[^}]*\} 1$/m);
    expect(metrics).toMatch(/^hindsight_camera_codec\{camera="door-main",codec="avc1\.4d401e"[^}]*\} 1$/m);
    expect(metric("state_since_seconds", "door-main")).toBeLessThan(clock.nowMs() / 1000);
    expect([metric("width_pixels", "door-main"), metric("height_pixels", "door-main")]).toEqual([640, 360]);
    expect(metric("frames_per_second", "door-main")).toBeCloseTo(25, 0);
    expect(metric("bits_per_second", "door-main")).toBeGreaterThan(100_000);
    expect(metric("keyframe_interval_ms", "door-main")).toBeCloseTo(1000, -1);
    expect(metric("frames_total", "door-main")).toBeGreaterThan(100);
    expect(metric("bytes_total", "door-main")).toBeGreaterThan(100_000);
    expect(metric("lost_packets_total", "lossy")).toBe((atEnd.get("lossy") as Seen).status.lostPackets);
    expect(metric("reconnects_total", "endless")).toBe(1);
  });
});
