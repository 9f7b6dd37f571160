import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { TimeoutError, within } from "../redis/within.ts";
import type { CameraStatus } from "./camera-status.ts";
import { StatusStore } from "./status-store.ts";

let server: TestRedis;
let redis: Redis;
let store: StatusStore;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  await redis.ping();
  store = new StatusStore(redis);
});

afterEach(() => redis.flushall());

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const status = (camera: string, more: Partial<CameraStatus> = {}): CameraStatus => ({
  camera,
  recorder: "host:1:a",
  state: "recording",
  since: "2026-11-24T14:32:00.000Z",
  frames: 1,
  bytes: 2,
  damagedFrames: 0,
  droppedFrames: 0,
  lostPackets: 0,
  sessions: 1,
  reconnects: 0,
  ...more,
});

const service = { service: "reaper", instance: "h:1", startedAt: "2026-11-24T14:32:00.000Z", problems: ["x"] } as const;

test("what was told of cameras and services is read as it was told", async () => {
  await store.publishCameras("host:1:a", [status("yard"), status("front-door", { problem: "401 Unauthorized" })]);
  await store.publishService({ ...service, problems: ["x"] });
  expect(await store.readCameras()).toEqual([status("front-door", { problem: "401 Unauthorized" }), status("yard")]);
  expect(await store.readServices()).toEqual([service]);
});

test("of several recorders that tell of a camera the newest counts", async () => {
  for (const recorder of ["host:1:a", "host:2:b", "host:1:a"]) {
    await store.publishCameras(recorder, [
      status("yard", { recorder, state: recorder === "host:1:a" ? "recording" : "stalled" }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await store.readCameras()).map((each) => each.recorder)).toEqual([recorder]);
  }
});

test("a status holds for 15 seconds, and a service that stops takes its own back", async () => {
  await store.publishCameras("host:1:a", [status("yard")]);
  const [key] = await redis.keys("hindsight:status:recorder:*");
  const leftMs = await redis.pttl(key as string);
  expect(leftMs).toBeGreaterThan(14_000);
  expect(leftMs).toBeLessThanOrEqual(15_000);
  await redis.pexpire(key as string, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await store.readCameras()).toEqual([]);
  await store.publishService({ ...service, problems: [] });
  await store.retractService(service);
  expect(await store.readServices()).toEqual([]);
});

test("damaged statuses in Redis harm no reader", async () => {
  await store.publishCameras("host:1:a", [status("yard")]);
  for (const [i, text] of [
    "{",
    "null",
    "5",
    '"x"',
    "[]",
    "{}",
    '{"camera":"b","recorder":"r","state":"recording"}'.slice(1),
    '[null,5,{"camera":"b","recorder":"r","state":"?"}]',
  ].entries()) {
    await redis.set(`hindsight:status:recorder:bad${i}`, text);
    await redis.zadd("hindsight:status:recorders", "1", `bad${i}`);
  }
  await redis.lpush("hindsight:status:recorder:list", "x");
  await redis.zadd("hindsight:status:recorders", "1", "list");
  expect(await store.readCameras()).toEqual([status("yard")]);
});

test("while Redis does not answer, readers give up after 2 s and statuses are dropped, not piled up", async () => {
  server.freeze();
  try {
    const tell = (frames: number) => store.publishCameras("host:1:a", [status("yard", { frames })]);
    void tell(1);
    for (let i = 0; i < 100; i++) await within(tell(2 + i), 1000, "telling");
    await expect(store.readCameras()).rejects.toThrow(TimeoutError);
  } finally {
    server.thaw();
  }
  await redis.ping();
  expect(await store.readCameras()).toEqual([status("yard", { frames: 1 })]);
});

test("while Redis is away, telling returns at once", async () => {
  const away = new Redis("redis://127.0.0.1:1", { maxRetriesPerRequest: null, retryStrategy: () => 1000 });
  away.on("error", () => {});
  await new StatusStore(away).publishCameras("host:1:a", [status("yard")]);
  await new StatusStore(away).retractService(service);
  away.disconnect();
});
