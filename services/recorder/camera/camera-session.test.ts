import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { CameraConfig } from "../../../shared/config/config.ts";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { ChunkRecorder } from "../chunk/chunk-recorder.ts";
import { hostClock } from "../clock/system-clock.ts";
import type { CameraAwayError } from "../errors/camera-error.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { LiveTap } from "../live/live-tap.ts";
import { BatchedSockets } from "../rtsp/batched-socket.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { answer, goodAnswer, until } from "../testing/scripted-server.ts";
import { blocksOf, readUnits, SendingCamera } from "../testing/sending-camera.ts";
import { CameraMemory } from "./camera-memory.ts";
import { CameraSession } from "./camera-session.ts";

const READ_INTERVAL_MS = 300;
const TIMEOUT_MS = 20_000;
const NO_TIMEOUT_MS = 3_600_000;
const FRAME_MS = 40;

let directory: string;
let session: CameraSession;
let chunks: ChunkRecorder;
let camera: SendingCamera;
let ended: CameraAwayError | undefined;
/** By performance.now(): a moment right after the first keyframe came. */
let keyframeMs: number;

/** Records until the camera is read at long intervals and was just read: what is sent next waits in the kernel. */
async function record(
  timeouts: { keyframeTimeout?: number; stallTimeout?: number },
  script?: Parameters<typeof SendingCamera.start>[0],
): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "hindsight-session-"));
  ended = undefined;
  camera = await SendingCamera.start(script);
  const text = JSON.stringify({
    recorder: { keyframeTimeout: NO_TIMEOUT_MS, stallTimeout: NO_TIMEOUT_MS, ...timeouts },
    cameras: { yard: { url: camera.url, directory } },
  });
  const config = parseConfig(text, "test", { env: {}, cwd: directory });
  const yard = config.cameras.get("yard") as CameraConfig;
  chunks = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 1e7,
    syncIntervalMs: 5000,
    disks: recordingDisks(),
    closed: () => {},
    trouble: () => {},
  });
  session = new CameraSession({
    camera: yard,
    memory: new CameraMemory(),
    quote: (words) => words,
    recorder: config.recorder,
    sockets: new BatchedSockets(READ_INTERVAL_MS),
    chunks,
    clock: hostClock,
    live: new LiveTap("yard", new LivePublisher({} as never)),
    origin: { recorder: "test", session: 1, boot: "test" },
    ended: (error) => {
      ended = error;
    },
  });
  await session.open();
  await camera.send(true);
  await until(() => session.isRecording);
  keyframeMs = performance.now();
  for (let read = 0, restMs = 0; restMs < READ_INTERVAL_MS / 2; ) {
    const { frames } = session.counters;
    await camera.send(false);
    await sleep(FRAME_MS);
    session.tick(performance.now());
    restMs = session.counters.frames - frames > 1 ? performance.now() - read : 0;
    if (session.counters.frames > frames) read = performance.now();
  }
}

afterEach(async () => {
  await session.close();
  await rm(directory, { recursive: true });
});

async function recorded(): Promise<string[]> {
  await chunks.stop(10_000);
  return readUnits(directory);
}

test("what has come when a camera without keyframes is given up is recorded", async () => {
  await record({ keyframeTimeout: TIMEOUT_MS });
  for (let n = 0; n < 3; n++) await camera.send(false);
  session.tick(keyframeMs + TIMEOUT_MS + 1);
  await until(() => ended !== undefined);
  expect(ended?.message).toMatch(/no keyframe for 20 s/);
  expect(await recorded()).toEqual(blocksOf(camera.sent));
});

test("a camera whose keyframe has come, but was not read yet, is not given up", async () => {
  await record({ keyframeTimeout: TIMEOUT_MS });
  await camera.send(true);
  session.tick(keyframeMs + TIMEOUT_MS + 1);
  await sleep(100);
  await camera.send(false);
  await session.close();
  expect(ended).toBeUndefined();
  expect(await recorded()).toEqual(blocksOf(camera.sent));
});

test("a camera that is silent no more is not given up for having been", async () => {
  await record({ stallTimeout: TIMEOUT_MS });
  const silentMs = performance.now();
  await sleep(20);
  await camera.send(false);
  session.tick(silentMs + TIMEOUT_MS + 1);
  await sleep(100);
  await camera.send(false);
  await session.close();
  expect(ended).toBeUndefined();
  expect(await recorded()).toEqual(blocksOf(camera.sent));
});

test("a camera that redirects when the track is set up is recorded as it is described then", async () => {
  await record({}, (request, _socket, count) => {
    const { method, url } = request;
    if (count > 1) return "well";
    if (method === "SETUP") return answer("302 Found", { Location: url.replace("/trackID=1", "") });
    if (method !== "DESCRIBE") return "well";
    return goodAnswer(request).replace(/(AVP |rtpmap:)96/g, (_, name: string) => `${name}97`);
  });
  for (let n = 0; n < 3; n++) await camera.send(n === 1);
  await session.close();
  expect(session.counters.frames).toBe(camera.sent.length);
  expect(await recorded()).toEqual(blocksOf(camera.sent));
});
