import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import type { PastCondition } from "./condition.ts";
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

/** One that lasted ten seconds and ended `agoMs` ago. */
function ended(agoMs: number, subject = "yard"): PastCondition {
  const untilMs = Date.now() - agoMs;
  const [since, until] = [untilMs - 10_000, untilMs].map((timeMs) => new Date(timeMs).toISOString()) as [
    string,
    string,
  ];
  return { id: "camera-not-recording", severity: "error", subject, since, message: "refused: “ü”", until };
}

it("has one keeper, whose word all read, until it gives up or is not heard of for 15 s", async () => {
  expect(await one.claim(true)).toEqual({ isKeeper: true, saved: null });
  expect(await one.save("what one knows", [])).toBe(true);
  expect(await two.claim(true)).toEqual({ isKeeper: false, saved: "what one knows" });
  expect(await two.save("what two knows", [])).toBe(false);
  await two.release();
  expect(await one.claim(true)).toEqual({ isKeeper: true, saved: "what one knows" });
  const leftMs = await redis.pttl("hindsight:health:keeper");
  expect(leftMs).toBeGreaterThan(10_000);
  expect(leftMs).toBeLessThanOrEqual(15_000);

  await redis.pexpire("hindsight:health:keeper", 1); // as if the claim had expired
  await vi.waitFor(async () => expect((await two.claim(true))?.isKeeper).toBe(true));
  expect(await one.save("what one still believes", [])).toBe(false);
  expect(await one.claim(true)).toEqual({ isKeeper: false, saved: "what one knows" });
  await two.release();
  expect(await one.claim(false)).toEqual({ isKeeper: false, saved: "what one knows" });
  expect(await one.claim(true)).toMatchObject({ isKeeper: true });
});

it("gives up on a Redis that hangs, asks it no more until it answers, and finds all there afterwards", async () => {
  await one.claim(true);
  await one.save("known", []);
  const asked = vi.spyOn(redis, "eval");
  server.freeze();
  expect(await one.claim(true)).toBeUndefined();
  expect(await one.claim(true)).toBeUndefined();
  expect(await one.save("lost", [])).toBe(false);
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

it("keeps what the keeper notes as ended, in the order in which it ended, once however often it is noted", async () => {
  await one.claim(true);
  expect(await one.past(0)).toEqual([]);
  const [old, late] = [ended(3_600_000), ended(1000, "door")];
  expect(await one.save("a", [late, old])).toBe(true);
  expect(await one.save("b", [{ ...old, until: new Date().toISOString() }])).toBe(true);
  expect(await two.past(0)).toEqual([old, late]);
  expect(await two.past(Date.parse(old.until))).toEqual([late]);
  expect(await two.save("c", [ended(0)])).toBe(false); // no keeper
  expect(await one.past(0)).toHaveLength(2);
  expect(await one.claim(true)).toMatchObject({ saved: "b" });
});

it("notes what ended together with what the keeper knows, in one command", async () => {
  await one.claim(true);
  const asked = vi.spyOn(redis, "eval");
  await one.save("a", [ended(2000), ended(1000)]);
  expect(asked).toHaveBeenCalledOnce();
});

it("forgets of the history what is older than 30 days, and the oldest of more than 10,000", async () => {
  await one.claim(true);
  const dayMs = 86_400_000;
  const young = ended(29.9 * dayMs);
  await one.save("a", [ended(30.1 * dayMs, "old"), young]);
  expect(await redis.zcard("hindsight:health:history")).toBe(1);
  expect(await one.past(0)).toEqual([young]);
  await redis.zadd("hindsight:health:history", Date.now() - 31 * dayMs, "{}"); // became too old since the last entry
  expect(await one.past(0)).toEqual([young]);

  const many = Array.from({ length: 9_990 }, (_, i) => ended(dayMs - i, `camera-${i}`));
  for (let i = 0; i < many.length; i += 1000) await one.save("b", many.slice(i, i + 1000));
  expect(await one.past(0)).toHaveLength(9_991);
  const more = Array.from({ length: 20 }, (_, i) => ended(20_000 - i, `more-${i}`));
  expect(await one.save("c", more)).toBe(true);
  const history = (await one.past(0)) as PastCondition[];
  expect(history).toHaveLength(10_000);
  expect(history[0]?.subject).toBe("camera-10");
  expect(history.at(-1)).toEqual(more.at(-1));
});

it("has no history to tell while Redis hangs or is away, asks it no more until it answers, and has it again then", async () => {
  await one.claim(true);
  const past = ended(1000);
  await one.save("a", [past]);
  const asked = vi.spyOn(redis, "zrangebyscore");
  server.freeze();
  expect(await one.past(0)).toBeUndefined();
  expect(await one.past(0)).toBeUndefined();
  expect(asked).toHaveBeenCalledOnce();
  server.thaw();
  await vi.waitFor(async () => expect(await one.past(0)).toEqual([past]), 5000);
  await server.kill();
  await vi.waitFor(() => expect(redis.status).not.toBe("ready"));
  expect(await one.past(0)).toBeUndefined();
});
