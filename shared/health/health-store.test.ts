import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { RedisHealthStore } from "./health-store.ts";

let server: TestRedis;
let redis: Redis;
let one: RedisHealthStore;
let two: RedisHealthStore;

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => {});
  await redis.ping();
  [one, two] = [new RedisHealthStore(redis, "one"), new RedisHealthStore(redis, "two")];
});
afterEach(async () => {
  redis.disconnect();
  await server.stop();
});

it("has one keeper, whose word all read, until it gives up or is not heard of for 15 s", async () => {
  expect(await one.claim(true)).toEqual({ isKeeper: true, saved: null });
  expect(await one.save("what one knows")).toBe(true);
  expect(await two.claim(true)).toEqual({ isKeeper: false, saved: "what one knows" });
  expect(await two.save("what two knows")).toBe(false);
  await two.release();
  expect(await one.claim(true)).toEqual({ isKeeper: true, saved: "what one knows" });
  const leftMs = await redis.pttl("hindsight:health:keeper");
  expect(leftMs).toBeGreaterThan(10_000);
  expect(leftMs).toBeLessThanOrEqual(15_000);

  await redis.pexpire("hindsight:health:keeper", 1); // as if so long had passed
  await vi.waitFor(async () => expect((await two.claim(true))?.isKeeper).toBe(true));
  expect(await one.save("what one still believes")).toBe(false);
  expect(await one.claim(true)).toEqual({ isKeeper: false, saved: "what one knows" });
  await two.release();
  expect(await one.claim(false)).toEqual({ isKeeper: false, saved: "what one knows" });
  expect(await one.claim(true)).toMatchObject({ isKeeper: true });
});

it("gives up on a Redis that hangs, asks it no more until it answers, and finds all there afterwards", async () => {
  await one.claim(true);
  await one.save("known");
  const asked = vi.spyOn(redis, "eval");
  server.freeze();
  expect(await one.claim(true)).toBeUndefined();
  expect(await one.claim(true)).toBeUndefined();
  expect(await one.save("lost")).toBe(false);
  expect(asked).toHaveBeenCalledOnce();
  server.thaw();
  await vi.waitFor(async () => expect(await one.claim(true)).toEqual({ isKeeper: true, saved: "known" }), 5000);
});

it("says that Redis is away when it refuses writes or is gone", async () => {
  await redis.config("SET", "maxmemory", "1");
  expect(await one.claim(true)).toBeUndefined();
  await redis.config("SET", "maxmemory", "0");
  expect(await one.claim(true)).toMatchObject({ isKeeper: true });
  await server.kill();
  await vi.waitFor(() => expect(redis.status).not.toBe("ready"));
  expect(await one.claim(true)).toBeUndefined();
  await one.release();
});
