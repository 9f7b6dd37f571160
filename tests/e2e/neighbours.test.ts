import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import { readChunkFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 500, gopFrames: 25, seconds: 10 };
const GOOD = ["good-plain", "good-b-frames"];
const LOGIN = { user: "viewer", password: "the right one" };

/** Cameras with every kind of fault, and the expected status of each. */
const BAD: { id: string; simulator: Record<string, unknown>; state: CameraStatus["state"]; problem: RegExp }[] = [
  {
    id: "noise",
    simulator: { faults: { garbage: { kind: "channel" } } },
    state: "connecting",
    problem: /neither RTSP nor RTP|nothing was heard|sent no video|no end|not RTSP|no keyframe/,
  },
  {
    id: "unknown-nal-types",
    simulator: { faults: { garbage: { kind: "nal-type" } } },
    state: "connecting",
    problem: /no keyframe for 5 s: set a keyframe/,
  },
  { id: "refuses", simulator: { faults: { refuseConnections: true } }, state: "connecting", problem: /closed|reset/ },
  {
    id: "wrong-password",
    simulator: { auth: LOGIN },
    state: "refused",
    problem: /401 Unauthorized.*check the user and password/,
  },
  { id: "no-such-path", simulator: { faults: { notFound: true } }, state: "refused", problem: /404 .*check the path/ },
];

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let stoppedUs: number;
/** The status of each bad camera when its problem was first reported, and after two retries. */
const told = new Map<string, CameraStatus>();
const later = new Map<string, CameraStatus>();
let stalled: CameraStatus;
let recovered: CameraStatus;
let garbled: CameraStatus;

async function statusOf(camera: string): Promise<CameraStatus | undefined> {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`).catch(() => undefined);
  const system = (await answer?.json()) as { payload: { cameras: CameraStatus[] } } | undefined;
  return system?.payload.cameras.find((status) => status.camera === camera);
}

const isRecording = async (camera: string) => (await statusOf(camera))?.state === "recording";

/** One run with bad cameras and good ones, one of which becomes silent for a while. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-neighbours-"));
  redis = await startRedis();
  simulator = await startSimulator({
    cameras: [
      { id: "good-plain", clip: CLIP },
      { id: "good-b-frames", clip: { ...CLIP, bFrames: 2 } },
      { id: "falls-silent", clip: CLIP },
      { id: "garbled", clip: CLIP, faults: { garbage: { kind: "payload", probability: 0.5 } } },
      ...BAD.map(({ id, simulator: options }) => ({ id, clip: CLIP, ...options })),
    ],
  });
  const ids = [...GOOD, "falls-silent", "garbled", ...BAD.map(({ id }) => id)];
  const urls = ids.map((id) => [id, { url: simulator.url(id) }]);
  const config = {
    recorder: {
      stallTimeout: "3s",
      connectTimeout: "3s",
      keyframeTimeout: "5s",
      retryMin: "500ms",
      retryMax: "1s",
    },
    cameras: {
      ...Object.fromEntries(urls),
      "wrong-password": { url: simulator.url("wrong-password", { ...LOGIN, password: "a wrong one" }) },
    },
  };
  fleet = await Fleet.prepare({ folder, redisUrl: redis.url, config });
  fleet.start("recorder", "api");
  await until("the good cameras record", 30_000, async () => {
    const states = await Promise.all([...GOOD, "falls-silent"].map(isRecording));
    return states.every(Boolean);
  });
  await simulator.setFault("falls-silent", { stall: true });
  stalled = await until("the silence is told", 20_000, async () => {
    const status = await statusOf("falls-silent");
    return status?.problem !== undefined && status;
  });
  for (const { id, problem } of BAD) {
    const first = await until(`the trouble of ${id} is told`, 30_000, async () => {
      const status = await statusOf(id);
      return status?.problem !== undefined && problem.test(status.problem) && status;
    });
    told.set(id, first);
  }
  for (const { id } of BAD) {
    const second = await until(`${id} is tried again, twice`, 90_000, async () => {
      const status = await statusOf(id);
      return status !== undefined && status.sessions >= (told.get(id)?.sessions ?? 0) + 2 && status;
    });
    later.set(id, second);
  }
  await simulator.setFault("falls-silent", { stall: null });
  recovered = await until("the silent camera records again", 20_000, async () => {
    const status = await statusOf("falls-silent");
    return status?.state === "recording" && status;
  });
  garbled = (await statusOf("garbled")) as CameraStatus;
  stoppedUs = Date.now() * 1000;
  expect(await fleet.end("recorder")).toBe(0);
}, 300_000);

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(BAD)("a camera that is bad: $id", ({ id, state, problem }) => {
  test("its state and the reason are in the status", () => {
    expect(told.get(id)?.state).toBe(state);
    expect(told.get(id)?.problem).toMatch(problem);
  });

  test("it is tried again and again, and the reason stays told", () => {
    expect(later.get(id)?.state).not.toBe("recording");
    expect(later.get(id)?.problem).toMatch(problem);
  });
});

test("a camera that falls silent is told to be stalled, and records again when it is back", async () => {
  expect(stalled.state).toBe("stalled");
  expect(stalled.problem).toMatch(/it answers, but sent no video for 3 s: .*raise its stallTimeout/);
  expect(recovered.problem).toBeUndefined();
  expect(recovered.sessions).toBeGreaterThan(stalled.sessions);
  const files = new Set((await readChunkFrames(join(fleet.storageRoot, "falls-silent"))).map(({ file }) => file));
  expect(files.size, "one chunk before the silence, one after it").toBeGreaterThanOrEqual(2);
});

test("of a camera that garbles half of its packets the damaged frames are counted", () => {
  expect(garbled.damagedFrames).toBeGreaterThan(50);
});

test.each(GOOD)("%s beside them is recorded without a lost frame", async (camera) => {
  const recorded = await readChunkFrames(join(fleet.storageRoot, camera));
  const sent = await simulator.readLog(camera);
  expectUnbrokenRun(camera, recorded, sent, stoppedUs - 1_000_000);
  const events = await simulator.readEvents(camera);
  expect(events.filter(({ event }) => event === "session-start").length).toBe(1);
});
