import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { parseConfig as parseSimulatorConfig } from "../../../tools/camera-simulator/config.ts";
import { Simulator } from "../../../tools/camera-simulator/simulator.ts";
import { hostClock } from "../clock/system-clock.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { LiveTap } from "../live/live-tap.ts";
import { BatchedSockets } from "../rtsp/batched-socket.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { until } from "../testing/scripted-server.ts";
import { CameraMemory } from "./camera-memory.ts";
import { CameraRecorder } from "./camera-recorder.ts";

const CLIP = { width: 320, height: 192, fps: 25, seconds: 4, bitrateKbit: 300, gopFrames: 5, label: "odd" };
const TICK_MS = 25;
/** A keep-alive is due after half a second, but a missing one ends no session: the tests are of the recorder alone. */
const KEPT = { sessionTimeoutS: 1, keepAlive: "off" };
/** Number of further frames that show that the stream continues. */
const FRAMES = 10;

const HABITS: Record<string, object> = {
  "454": { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: 454 } } },
  everything: { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: 454, OPTIONS: 454, SET_PARAMETER: 454 } } },
  silent: { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "silence" } } },
  garbage: { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "garbage" } } },
  bodiless: { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "missing-body" } } },
  "hangs-up": { ...KEPT, quirks: { keepAlives: { GET_PARAMETER: "hang-up" } } },
};

let folder: string;
let simulator: Simulator;
let timer: NodeJS.Timeout;
const memories = new Map<string, CameraMemory>();
const recorders = new Map<string, CameraRecorder>();

const statusOf = (id: string) => (recorders.get(id) as CameraRecorder).status();

async function playsOn(id: string): Promise<void> {
  const { frames } = statusOf(id);
  await until(() => statusOf(id).frames >= frames + FRAMES);
}

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
  const disks = recordingDisks();
  for (const camera of config.cameras.values()) {
    const memory = new CameraMemory();
    memories.set(camera.id, memory);
    recorders.set(
      camera.id,
      new CameraRecorder({
        camera,
        memory,
        quote: (words) => words,
        recorder: config.recorder,
        sockets,
        disks,
        clock: hostClock,
        live: new LiveTap(camera.id, new LivePublisher({} as never)),
        origin: { recorder: "test", boot: "test" },
        logger: { info: () => {}, warn: () => {}, error: () => {} } as never,
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
  const taken = id === "everything" ? "RTCP" : "OPTIONS";
  await until(() => memories.get(id)?.rtsp.keepAlive.order[0] === taken);
  await playsOn(id);
  expect(statusOf(id)).toMatchObject({ sessions: 1, state: "recording" });
});

test.concurrent("a camera that hangs up at GET_PARAMETER is lost once, and never again", async () => {
  await until(() => statusOf("hangs-up").sessions === 2);
  await playsOn("hangs-up");
  await until(() => memories.get("hangs-up")?.rtsp.keepAlive.isProven("OPTIONS") === true);
  expect(statusOf("hangs-up")).toMatchObject({ sessions: 2, state: "recording" });
});
