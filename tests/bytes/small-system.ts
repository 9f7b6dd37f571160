import { Registry } from "prom-client";
import { registerHealthMetrics } from "../../services/api/health/health-metrics.ts";
import type { RedisSource } from "../../services/api/health/system-monitor.ts";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import type { Condition, PastCondition } from "../../shared/health/condition.ts";
import type { HealthStore } from "../../shared/health/health-store.ts";
import { createHealthHandler } from "../../shared/service/health-server.ts";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import type { ServiceStatus } from "../../shared/status/status-store.ts";
import type { StoreFixture } from "../support/store-fixture.ts";

/** Timeouts that the disk of a busy machine meets, too. */
const PATIENCE = { answerMs: 60_000, diskMs: 30_000 };
const SINCE = "2025-11-24T14:31:00.000Z";
const COUNTERS = { frames: 1500, bytes: 6_000_000, droppedFrames: 0, damagedFrames: 2, lostPackets: 3, sessions: 2 };

const CAMERAS: CameraStatus[] = [
  {
    camera: "yard",
    recorder: "alpha",
    state: "recording",
    since: SINCE,
    codec: "avc1.64000b",
    width: 128,
    height: 96,
    displayWidth: 128,
    displayHeight: 96,
    framesPerSecond: 1,
    bitsPerSecond: 8000,
    keyframeIntervalMs: 10_000,
    ...COUNTERS,
    reconnects: 1,
    clockDriftPpm: 12,
    cameraClockOffsetMs: 250,
    newestFrame: "2025-11-24T15:00:24.400Z",
  },
  {
    camera: "lobby",
    recorder: "alpha",
    state: "refused",
    since: SINCE,
    problem: "401 Unauthorized: check the user and password in its url",
    ...COUNTERS,
    reconnects: 0,
  },
];

const CONDITIONS: Condition[] = [
  {
    id: "camera-not-recording",
    severity: "error",
    subject: "lobby",
    since: SINCE,
    message: "401 Unauthorized: check the user and password in its url",
    advice: "Correct the url in the configuration.",
  },
  {
    id: "conversion-behind",
    severity: "warning",
    subject: "conversion",
    since: SINCE,
    message: "2 minutes wait for their conversion",
    advice: "See whether a converter runs.",
  },
];

const PAST: PastCondition[] = ["13:00", "13:30"].map((time) => ({
  id: "redis-away",
  severity: "error",
  subject: "redis",
  since: `2025-11-24T${time}:00.000Z`,
  until: `2025-11-24T${time}:20.000Z`,
  message: "Redis does not answer",
}));

function services(root: string): ServiceStatus[] {
  const forecast = { directories: [root], oldestDay: "20251123", bytesPerDay: 1_000_000, daysThatFit: 9 };
  return (["api", "converter", "reaper", "recorder"] as const).map((service) => ({
    service,
    instance: "alpha",
    startedAt: SINCE,
    problems: service === "converter" ? ["ffmpeg cannot be started"] : [],
    ...(service === "reaper" && { forecasts: [forecast] }),
  }));
}

/** An api on a store whose Redis always has the same content; the conditions in it were found by another api. */
export async function startSmallSystem(store: StoreFixture): Promise<ApiFixture> {
  const entries = CONDITIONS.map((condition) => {
    return [condition.id, { condition, state: "open", stateMs: Date.parse(SINCE), episodes: 1, isTold: true }];
  });
  const saved = JSON.stringify({ keeper: "another", entries: Object.fromEntries(entries), waiting: [] });
  const healthStore: HealthStore = {
    claim: async () => ({ isKeeper: false, saved }),
    save: async () => false,
    past: async () => PAST,
    release: async () => {},
  };
  const live: RedisSource = {
    findTrouble: async () => undefined,
    readRedisFacts: async () => ({ version: "7.2.4", isPersistent: false }),
    readCameras: async () => CAMERAS,
    readServices: async () => services(store.root),
    readBacklog: async () => ({ waiting: 2, active: 1, failed: 0 }),
  };
  const metrics = new Registry();
  const healthRouter = createHealthHandler({ problems: () => [], metrics });
  const api = new ApiFixture(store, {
    live,
    healthStore,
    watchesHealth: true,
    hasLiveViews: true,
    healthRouter,
    patience: PATIENCE,
  });
  const { config, health, monitor } = api.parts;
  registerHealthMetrics(metrics, {
    config,
    monitor,
    health: { conditions: () => health.conditions(), waitingMessages: 0 },
  });
  await api.start();
  while (health.conditions().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return api;
}
