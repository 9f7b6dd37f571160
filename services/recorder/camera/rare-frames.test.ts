import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CameraConfig } from "../../../shared/config/config.ts";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { hostClock } from "../clock/system-clock.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { LiveTap } from "../live/live-tap.ts";
import { BatchedSockets } from "../rtsp/batched-socket.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { until } from "../testing/scripted-server.ts";
import { SendingCamera } from "../testing/sending-camera.ts";
import { CameraMemory } from "./camera-memory.ts";
import { CameraRecorder } from "./camera-recorder.ts";

/** Simulated time: the test advances it in these steps; by itself it passes at a tenth of real speed. */
const STEP_MS = 500;
const SLOWER = 10;
const FRAME_MS = 8000;
const REPORT_MS = 5000;

let folder: string;
let camera: SendingCamera;
let recorder: CameraRecorder;
let warnings: string[];
let passedMs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-rare-"));
  camera = await SendingCamera.start();
  warnings = [];
  passedMs = 0;
  const now = performance.now.bind(performance);
  const begunMs = now();
  let step = { passedMs, sinceMs: begunMs };
  vi.spyOn(performance, "now").mockImplementation(() => {
    if (step.passedMs !== passedMs) step = { passedMs, sinceMs: now() };
    return begunMs + passedMs + (now() - step.sinceMs) / SLOWER;
  });
  const text = JSON.stringify({
    recorder: { readInterval: 10, retryMin: 100, retryMax: 100 },
    cameras: { yard: { url: camera.url, directory: join(folder, "yard") } },
  });
  const config = parseConfig(text, "test", { env: {}, cwd: folder });
  recorder = new CameraRecorder({
    camera: config.cameras.get("yard") as CameraConfig,
    memory: new CameraMemory(),
    quote: (words) => words,
    recorder: config.recorder,
    sockets: new BatchedSockets(1),
    disks: recordingDisks(),
    clock: hostClock,
    live: new LiveTap("yard", new LivePublisher({} as never)),
    origin: { recorder: "test", boot: "test" },
    logger: { info: () => {}, warn: (message: string) => warnings.push(message), error: () => {} } as never,
    chunkClosed: () => {},
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await recorder.stop();
  await rm(folder, { recursive: true });
});

/** Plays for `forMs` a camera that sends a keyframe at the beginning of each session and every 8 s. */
async function play(forMs: number, hasReports: boolean): Promise<void> {
  let plays = 0;
  let sinceMs = 0;
  for (const endMs = passedMs + forMs; passedMs < endMs; passedMs += STEP_MS) {
    recorder.tick(performance.now());
    const { sessions } = recorder.status();
    if (sessions > plays) {
      await until(() => camera.plays === sessions);
      plays = sessions;
      sinceMs = passedMs;
    }
    const { frames } = recorder.status();
    const atMs = passedMs - sinceMs;
    if (atMs % FRAME_MS === 0) {
      await camera.send(true);
      await until(() => recorder.status().frames > frames);
    }
    if (hasReports && atMs % REPORT_MS === 0) camera.report();
    await camera.settle();
  }
}

test("a frame in 8 s and RTCP reports (Axis, ex_nvr #915) are one session", async () => {
  await play(30_000, true);
  expect(recorder.status()).toMatchObject({ sessions: 1, state: "recording", frames: 4 });
  expect(warnings).toEqual([]);
});

test("without reports it is known after two sessions by its answers; until then the setting is named", async () => {
  await play(40_000, false);
  expect(recorder.status()).toMatchObject({ sessions: 3, state: "recording" });
  expect(warnings).toEqual(Array(2).fill(expect.stringMatching(/no video for \d+ s: .*raise its stallTimeout/)));
});
