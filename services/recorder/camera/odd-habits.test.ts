import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CameraConfig } from "../../../shared/config/config.ts";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { parseConfig as parseSimulatorConfig } from "../../../tools/camera-simulator/config.ts";
import { Simulator } from "../../../tools/camera-simulator/simulator.ts";
import { Disks } from "../chunk/disks.ts";
import { hostClock } from "../clock/system-clock.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { LiveTap } from "../live/live-tap.ts";
import { BatchedSockets } from "../rtsp/batched-socket.ts";
import { until } from "../testing/scripted-server.ts";
import { CameraMemory } from "./camera-memory.ts";
import { CameraRecorder } from "./camera-recorder.ts";

const CLIP = { width: 320, height: 192, fps: 25, seconds: 4, bitrateKbit: 300, gopFrames: 5, label: "odd" };
const TICK_MS = 25;
/** The shortest that can be set. */
const STALL_MS = 1000;
const SPARSE = { faults: { sparse: { seconds: 1.4 } }, sessionTimeoutS: 60 };
/** Asked after 1 s: what is not kept alive in any way is ended after 2 s. */
const KEPT = { sessionTimeoutS: 2, keepAlive: "requests" };
/** Of 25 a second: more than a session lasts that is not kept alive. */
const FRAMES = 75;

const HABITS: Record<string, object> = {
  "454": { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: 454 } } },
  everything: {
    quirks: { keepAlives: { GET_PARAMETER: 454, OPTIONS: 454, SET_PARAMETER: 454 } },
    sessionTimeoutS: 2,
    keepAlive: "off",
  },
  silent: { ...KEPT, sessionTimeoutS: 4, quirks: { keepAlives: { GET_PARAMETER: "silence" } } },
  garbage: { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "garbage" } } },
  bodiless: { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "missing-body" } } },
  "hangs-up": { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "hang-up" } } },
  rare: { ...SPARSE, senderReportMs: 200 },
  "rare-without-reports": { ...SPARSE, senderReportMs: 0 },
};

let folder: string;
let simulator: Simulator;
let timer: NodeJS.Timeout;
const warnings: string[] = [];
const memories = new Map<string, CameraMemory>();
const recorders = new Map<string, CameraRecorder>();

const statusOf = (id: string) => (recorders.get(id) as CameraRecorder).status();
const has = (id: string, frames: number) => until(() => statusOf(id).frames >= frames);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-habits-"));
  const cameras = Object.entries(HABITS).map(([id, options]) => ({ id, clip: CLIP, ...options }));
  const cacheDir = join(tmpdir(), "hindsight-camera-simulator");
  simulator = new Simulator(parseSimulatorConfig({ port: 0, cacheDir, cameras }));
  const { port } = await simulator.start();
  const entries = Object.keys(HABITS).map((id) => {
    return [id, { url: `rtsp://127.0.0.1:${port}/${id}`, directory: join(folder, id) }];
  });
  const text = JSON.stringify({
    recorder: { stallTimeout: "1h", retryMin: 100, retryMax: 100, readInterval: 50 },
    cameras: Object.fromEntries(entries),
  });
  const config = parseConfig(text, "test", { env: {}, cwd: folder });
  const sockets = new BatchedSockets(config.recorder.readIntervalMs);
  const disks = new Disks({ reserveBytes: 0, mountPoints: [], roomWanted: () => {} });
  for (const camera of config.cameras.values()) {
    const stallTimeoutMs = camera.id.startsWith("rare") ? STALL_MS : camera.stallTimeoutMs;
    const memory = new CameraMemory();
    memories.set(camera.id, memory);
    recorders.set(
      camera.id,
      new CameraRecorder({
        camera: { ...camera, stallTimeoutMs } satisfies CameraConfig,
        memory,
        recorder: config.recorder,
        sockets,
        disks,
        clock: hostClock,
        live: new LiveTap(camera.id, new LivePublisher({} as never)),
        origin: { recorder: "test", boot: "test" },
        logger: { info: () => {}, warn: (message: string) => warnings.push(message), error: () => {} } as never,
        chunkClosed: () => {},
      }),
    );
  }
  timer = setInterval(() => {
    for (const recorder of recorders.values()) recorder.tick(performance.now());
  }, TICK_MS);
});

afterAll(async () => {
  clearInterval(timer);
  await Promise.all([...recorders.values()].map((recorder) => recorder.stop()));
  simulator.stop();
  await rm(folder, { recursive: true });
});

test.concurrent.each([
  ["refuses GET_PARAMETER with 454 (thingino-firmware #490)", "454"],
  ["refuses every keep-alive with 454", "everything"],
  ["announces GET_PARAMETER and never answers it (Hipcam, SharpRTSP #63)", "silent"],
  ["answers keep-alives by garbage", "garbage"],
  ["announces a body in its answer that never comes", "bodiless"],
])("a camera that %s and streams on is recorded in one session", async (_, id) => {
  await has(id, FRAMES);
  expect(statusOf(id)).toMatchObject({ sessions: 1, state: "recording" });
  expect(memories.get(id)?.keepAlive.order[0]).toBe(id === "everything" ? "RTCP" : "OPTIONS");
});

test.concurrent("a camera that hangs up at GET_PARAMETER is lost once, and never again", async () => {
  await until(() => statusOf("hangs-up").sessions === 2);
  await has("hangs-up", statusOf("hangs-up").frames + FRAMES);
  expect(statusOf("hangs-up")).toMatchObject({ sessions: 2, state: "recording" });
});

test.concurrent("a camera that sends a frame in 1.4 s and RTCP reports is recorded in one session", async () => {
  await has("rare", 3);
  expect(statusOf("rare")).toMatchObject({ sessions: 1, state: "recording" });
});

test.concurrent("without reports it is known after two sessions; until then the setting is named", async () => {
  await until(() => statusOf("rare-without-reports").sessions === 3);
  await has("rare-without-reports", statusOf("rare-without-reports").frames + 2);
  expect(statusOf("rare-without-reports")).toMatchObject({ sessions: 3, state: "recording" });
  const told = warnings.filter((warning) => warning.startsWith("camera rare-without-reports:"));
  expect(told).toEqual(Array(2).fill(expect.stringMatching(/no video for 1 s: .*raise its stallTimeout/)));
});
