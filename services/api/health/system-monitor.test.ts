import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import winston from "winston";
import { CONVERSION_QUEUE } from "../../../shared/queue/conversion-queue.ts";
import { connectRedis } from "../../../shared/redis/connect-redis.ts";
import { StatusStore } from "../../../shared/status/status-store.ts";
import { minuteAt } from "../../../shared/time/minute.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { SECRET, StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { redisSource } from "./redis-source.ts";
import type { SystemProblem } from "./system-problem.ts";

/** The monitor reuses its answer for half a second. */
const ANSWER_KEPT_MS = 600;

let server: TestRedis;
let redis: Redis;
let queue: Queue;
let status: StatusStore;
let store: StoreFixture;
let api: ApiFixture;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, winston.createLogger({ silent: true }));
  status = new StatusStore(redis);
  queue = new Queue(CONVERSION_QUEUE, { connection: redis });
  queue.on("error", () => {});
  await queue.waitUntilReady();
});
afterAll(async () => {
  await queue.close();
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  store = new StoreFixture({ "front-door": {}, yard: {}, off: { enabled: false } });
  api = await new ApiFixture(store, { live: redisSource(redis, status, queue) }).start();
  await tellThatAllIsWell();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

async function tellThatAllIsWell(): Promise<void> {
  const since = "2026-11-24T14:33:00.000Z";
  const frames = { frames: 0, bytes: 0, damagedFrames: 0, droppedFrames: 0, lostPackets: 0 };
  const counters = { ...frames, sessions: 1, reconnects: 0 };
  for (const service of ["recorder", "converter"] as const) {
    await status.publishService({ service, instance: service, startedAt: since, problems: [] });
  }
  const told = ["front-door", "yard", "off"].map((camera) => {
    return { camera, recorder: "r", state: "recording", since, ...counters, url: `rtsp://a:${SECRET}@h/` };
  });
  await status.publishCameras("r", told as never);
}

async function system() {
  const beganMs = Date.now();
  const reply = await api.get("/api/1/system.json");
  expect(Date.now() - beganMs).toBeLessThan(2000);
  expect(reply.status).toBe(200);
  expect(reply.text).not.toContain(SECRET);
  return reply.json().payload;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe("GET /api/1/system.json", () => {
  it("says running when the enabled cameras record, in the original's envelope, without any URL", async () => {
    const directories = [store.root, ...["front-door", "off", "yard"].map((camera) => store.directory(camera))];
    expect(await system()).toMatchObject({
      status: "running",
      camera: { "front-door": true, yard: true },
      problems: [],
      backlog: { waiting: 0, active: 0, failed: 0 },
      disks: [{ directories }],
    });
    expect(Object.keys((await api.get("/api/1/system.json")).json())).toEqual(["date", "system", "payload"]);
  });

  it("counts what waits for its conversion, and what lies in quarantine", async () => {
    await queue.add("convert", { camera: "yard", minute: "20261124.1433", directory: "/x" });
    store.quarantinedChunk("yard", "20261124.1432");
    const problems = [{ what: "conversion", camera: "yard" }];
    expect(await system()).toMatchObject({ status: "error", backlog: { waiting: 1 }, problems });
    await queue.drain();
  });

  it("tells of a Redis that evicts, with what to do, and notes that this one keeps nothing on a disk", async () => {
    await redis.config("SET", "maxmemory", "100mb");
    await redis.config("SET", "maxmemory-policy", "volatile-lru");
    const { status, warnings, notes } = await system();
    await redis.config("SET", "maxmemory-policy", "noeviction");
    expect(status).toBe("running");
    expect(warnings).toMatchObject([{ what: "redis", todo: expect.stringContaining("maxmemory-policy noeviction") }]);
    expect(warnings[0].message).toContain("volatile-lru; 0 since it was started");
    expect(notes).toMatchObject([{ what: "redis", message: expect.stringContaining("keeps nothing on a disk") }]);
  });

  it("keeps the time since which a problem is there, while its numbers change", async () => {
    store.quarantinedChunk("yard", "20261124.1432");
    const [first] = (await system()).problems;
    store.quarantinedChunk("yard", "20261124.1433");
    await pause(ANSWER_KEPT_MS);
    const [second] = (await system()).problems;
    expect(second.message).not.toBe(first.message);
    expect(second.since).toBe(first.since);
  });

  it("tells that Redis refuses writes, and what to do, not that services are missing whose status it does not take", async () => {
    store.chunk("yard", minuteAt(Date.now() * 1000));
    await redis.config("SET", "maxmemory", "1");
    const { problems } = await system();
    await redis.config("SET", "maxmemory", "0");
    expect(problems.map(({ what, camera }: SystemProblem) => camera ?? what)).toEqual(["redis", "front-door"]);
    expect(problems[0]).toMatchObject({
      message: expect.stringContaining("out of memory"),
      todo: expect.stringContaining("Raise maxmemory"),
    });
  });

  it("answers in time while Redis hangs and while it is gone, and tells recording by the chunks", async () => {
    const now = minuteAt(Date.now() * 1000);
    store.chunk("yard", now);
    store.age(store.chunk("front-door", now), 60);
    const byChunks = { status: "error", camera: { "front-door": false, yard: true }, backlog: null };
    server.freeze();
    expect(await system()).toMatchObject(byChunks);
    server.thaw();
    await vi.waitFor(async () => {
      await tellThatAllIsWell();
      expect(await system()).toMatchObject({ status: "running" });
    }, 10_000);

    const port = Number(new URL(server.url).port);
    await server.stop();
    await pause(ANSWER_KEPT_MS);
    const beganMs = Date.now();
    const gone = await system();
    expect(Date.now() - beganMs).toBeLessThan(700); // no wait for what is known to be away
    expect(gone).toMatchObject(byChunks);
    expect(gone.problems.map(({ what }: { what: string }) => what)).toEqual(["redis", "camera"]);
    server = await startRedis({ port });
    await vi.waitFor(async () => expect((await system()).backlog).not.toBeNull(), 15_000);
  });

  it("looks once for many who ask at the same time", async () => {
    const before = await commandsProcessed();
    await Promise.all(Array.from({ length: 50 }, () => system()));
    expect((await commandsProcessed()) - before).toBeLessThan(50);
  });
});

async function commandsProcessed(): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
}
