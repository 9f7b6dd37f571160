import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CameraConfig } from "../../../shared/config/config.ts";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { Disks } from "../../../shared/disk/disks.ts";
import type { RecordingDisks } from "../chunk/recording-disks.ts";
import { hostClock } from "../clock/system-clock.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { LiveTap } from "../live/live-tap.ts";
import { BatchedSockets } from "../rtsp/batched-socket.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { until } from "../testing/scripted-server.ts";
import { blocksOf, readSessions, readUnits, SendingCamera } from "../testing/sending-camera.ts";
import { CameraMemory } from "./camera-memory.ts";
import { CameraRecorder } from "./camera-recorder.ts";

const TICK_MS = 25;

let folder: string;
let mountPoint: string;
let directory: string;
let disks: Disks;
let recording: RecordingDisks;
let camera: SendingCamera;
let recorder: CameraRecorder;
let errors: string[];
let timer: NodeJS.Timeout;

async function record(maxBuffer: string, mountPoints: string[]): Promise<void> {
  const text = JSON.stringify({
    recorder: { maxBuffer, retryMin: 100, retryMax: 100, flushInterval: 500, readInterval: 10 },
    cameras: { yard: { url: camera.url, directory, stallTimeout: "1h", keyframeTimeout: "1h" } },
  });
  const config = parseConfig(text, "test", { env: {}, cwd: folder });
  disks = new Disks();
  disks.requireMounts(mountPoints);
  recording = recordingDisks({ disks });
  recorder = new CameraRecorder({
    camera: config.cameras.get("yard") as CameraConfig,
    memory: new CameraMemory(),
    quote: (words) => words,
    recorder: config.recorder,
    sockets: new BatchedSockets(10),
    disks: recording,
    clock: hostClock,
    live: new LiveTap("yard", new LivePublisher({} as never)),
    origin: { recorder: "test", boot: "test" },
    logger: { info: () => {}, warn: () => {}, error: (message: string) => errors.push(message) } as never,
    chunkClosed: () => {},
  });
  timer = setInterval(() => recorder.tick(performance.now()), TICK_MS);
}

/** Plays a session of `count` pictures, the first of them a keyframe, and waits until it has been received. */
async function play(session: number, count: number, bytes?: number): Promise<void> {
  await until(() => camera.plays === session);
  const before = recorder.status().frames;
  for (let n = 0; n < count; n++) await camera.send(n === 0, bytes);
  await until(() => recorder.status().frames === before + count);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-camera-"));
  mountPoint = join(folder, "disk");
  directory = join(mountPoint, "yard");
  await mkdir(mountPoint);
  errors = [];
  camera = await SendingCamera.start();
});

afterEach(async () => {
  clearInterval(timer);
  vi.restoreAllMocks();
  await recorder.stop();
  await rm(folder, { recursive: true });
});

test("a camera that comes and goes while its disk fails is recorded all the time; when it works, all is written in order", async () => {
  await record("64MiB", [mountPoint]);
  const startMs = performance.now();
  for (let session = 1; session <= 4; session++) {
    await play(session, 10);
    await camera.cut();
  }
  expect(performance.now() - startMs).toBeLessThan(8000); // nothing waits for the disk
  expect(recorder.diskProblem).toMatch(/no disk is mounted/);
  disks.requireMounts([]);
  await vi.waitFor(async () => expect(await readUnits(directory)).toEqual(blocksOf(camera.sent)), 10_000);
  expect(recorder.diskProblem).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(await readSessions(directory)).toEqual([1, 2, 3, 4]);
});

test("however many sessions end while the disk fails, no more is held than recorder.maxBuffer, and what is dropped counted", async () => {
  await record("2MiB", [mountPoint]);
  for (let session = 1; session <= 6; session++) {
    await play(session, 5, 20_000);
    await camera.cut();
  }
  await until(() => camera.plays === 7); // the last session has been counted
  const { droppedFrames } = recorder.status();
  disks.requireMounts([]);
  await vi.waitFor(async () => expect(await readUnits(directory)).toHaveLength(30 - droppedFrames), 10_000);
  expect(droppedFrames).toBe(10); // 1 MiB waits for the disk: four batches
});

test("a camera whose disk hung and was unmounted is recorded to what is mounted there then", async () => {
  const mount = () => execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mountPoint]); // needs root
  const unmount = () => execFileSync("umount", ["--lazy", mountPoint]);
  mount();
  const held = await open(mountPoint, "r"); // as a hung operation keeps the file system in use
  try {
    await record("64MiB", []);
    void (await recording.of(directory)).write(() => new Promise(() => {}));
    await play(1, 10);
    await camera.cut(); // hands over what was received
    unmount();
    mount();
    await play(2, 10);
    vi.spyOn(performance, "now").mockImplementation(() => Date.now() - performance.timeOrigin + 11_000);
    await until(() => camera.plays === 3);
    vi.restoreAllMocks();
    await play(3, 10);
    await camera.cut();
    await vi.waitFor(async () => expect(await readUnits(directory)).toEqual(blocksOf(camera.sent.slice(20))), 10_000);
    expect(recorder.diskProblem).toBeUndefined();
    await until(() => errors.length > 1);
    expect(errors).toEqual([
      expect.stringMatching(/the disk does not answer/),
      expect.stringMatching(/^camera yard: \d+ bytes of video that waited for the disk are lost$/),
    ]);
  } finally {
    await recorder.stop();
    await held.close();
    unmount();
  }
});
