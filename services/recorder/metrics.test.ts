import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import { registerCameraMetrics } from "./metrics.ts";

/** A status with every field set, each number a different one. */
const WHOLE: Required<CameraStatus> = {
  camera: "yard",
  recorder: "host:1:ab",
  state: "stalled",
  since: "2026-11-24T14:31:02.500Z",
  problem: "nothing was heard for 5 s",
  codec: "avc1.64001f",
  width: 1920,
  height: 1080,
  displayWidth: 1921,
  displayHeight: 1081,
  framesPerSecond: 12.5,
  bitsPerSecond: 4_000_001,
  keyframeIntervalMs: 2003,
  frames: 71_034,
  bytes: 90_000_004,
  damagedFrames: 5,
  droppedFrames: 6,
  lostPackets: 7,
  sessions: 9,
  reconnects: 8,
  clockDriftPpm: -41.5,
  cameraClockOffsetMs: 3_600_010,
  newestFrame: "2026-11-24T14:35:09.000Z",
};

async function metricsOf(...statuses: CameraStatus[]): Promise<string> {
  const registry = new Registry();
  registerCameraMetrics(registry, () => statuses);
  return registry.metrics();
}

test("every figure of a camera's status is a metric with the camera as its label", async () => {
  const metrics = await metricsOf(WHOLE);
  for (const [key, value] of Object.entries(WHOLE).filter(([, value]) => typeof value === "number")) {
    const lines = metrics.split("\n").filter((line) => line.endsWith(`{camera="yard"} ${value}`));
    expect(lines.length, key).toBe(1);
  }
});

test("state, since when and codec are metrics, too", async () => {
  const metrics = await metricsOf(WHOLE);
  expect(metrics).toContain('hindsight_camera_state{camera="yard",state="stalled"} 1');
  expect(metrics).toContain('hindsight_camera_codec{camera="yard",codec="avc1.64001f"} 1');
  expect(metrics).toContain(
    `hindsight_camera_state_since_seconds{camera="yard"} ${Date.UTC(2026, 10, 24, 14, 31, 2, 500) / 1000}`,
  );
  expect(metrics).toContain('hindsight_camera_recording{camera="yard"} 0');
});

test("what is not known of a camera is left out, and of a camera that is gone everything", async () => {
  const statuses: CameraStatus[] = [{ ...WHOLE }];
  const registry = new Registry();
  registerCameraMetrics(registry, () => statuses);
  expect(await registry.metrics()).toContain('hindsight_camera_width_pixels{camera="yard"}');
  const { width: _width, codec: _codec, ...unknown } = WHOLE;
  statuses[0] = { ...unknown, state: "recording" };
  const metrics = await registry.metrics();
  expect(metrics).not.toMatch(/^hindsight_camera_(width_pixels|codec)\{/m);
  expect(metrics.match(/^hindsight_camera_state\{.*$/gm)).toEqual([
    'hindsight_camera_state{camera="yard",state="recording"} 1',
  ]);
  statuses.length = 0;
  expect(await registry.metrics()).not.toContain("yard");
});
