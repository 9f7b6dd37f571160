import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { CONVERSION_QUEUE, type ConversionJob, ConversionQueue } from "./conversion-queue.ts";

let server: TestRedis;
let redis: Redis;
let queue: ConversionQueue;
const job = (minute: string): ConversionJob => ({ camera: "cam", minute, directory: "/x" });

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on("error", () => {});
  await redis.ping();
  queue = new ConversionQueue(redis, { attempts: 3, retryDelayMs: 100 });
});

afterEach(async () => {
  await queue.close();
  redis.disconnect();
  await server.stop();
});

test("a minute that is pushed twice is one job; after it was done it can be pushed again", async () => {
  const done: string[] = [];
  expect(await queue.pushAll([job("20260101.0000"), job("20260101.0000"), job("20260101.0001")])).toBe(true);
  expect(await queue.pushAll([job("20260101.0000")])).toBe(true);
  const worker = new Worker(CONVERSION_QUEUE, async ({ data }) => void done.push((data as ConversionJob).minute), {
    connection: redis,
  });
  await vi.waitFor(() => expect(done.sort()).toEqual(["20260101.0000", "20260101.0001"]), 5000);
  await queue.pushAll([job("20260101.0000")]);
  await vi.waitFor(() => expect(done).toHaveLength(3), 5000);
  await worker.close();
});

test("a chunk that is closed while its minute is being worked on is not forgotten", async () => {
  let begun = 0;
  let finish = () => {};
  const first = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const worker = new Worker(CONVERSION_QUEUE, () => (++begun === 1 ? first : Promise.resolve()), { connection: redis });
  await queue.pushAll([job("20260101.0000")]);
  await vi.waitFor(() => expect(begun).toBe(1), 5000);
  await queue.pushAll([job("20260101.0000")]);
  finish();
  await vi.waitFor(() => expect(begun).toBe(2), 5000);
  await worker.close();
});

test("while Redis is away pushing returns at once, and closing does not hang", async () => {
  await server.kill();
  await vi.waitFor(() => expect(redis.status).not.toBe("ready"), 5000);
  expect(await queue.pushAll([job("20260101.0000")])).toBe(false);
  queue.push(job("20260101.0001"));
  expect(queue.leftOut).toBe(2);
});

test("pushes that a frozen Redis does not answer do not pile up without bound", async () => {
  server.freeze();
  for (let i = 0; i < 1500; i++) queue.push(job("20260101.0000"));
  expect(queue.leftOut).toBe(500);
  server.thaw();
});

test("no more than attempts, back-off and deduplication go to Redis beside camera, minute and directory", async () => {
  await queue.pushAll([job("20260101.0000")]);
  const reader = new Queue(CONVERSION_QUEUE, { connection: redis });
  const [stored] = await reader.getJobs(["waiting"]);
  expect(stored?.data).toEqual({ camera: "cam", minute: "20260101.0000", directory: "/x" });
  expect(stored?.opts).toMatchObject({ attempts: 3, backoff: { type: "exponential", delay: 100 } });
  await reader.close();
});
