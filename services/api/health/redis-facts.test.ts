import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { factsOf, readRedisFacts } from "./redis-facts.ts";

let server: TestRedis;
let redis: Redis;
let info: string;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  redis.on("error", () => {});
  info = await redis.info();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const edited = (field: string, value: string) =>
  factsOf(info.replace(new RegExp(`^${field}:.*$`, "m"), `${field}:${value}`));

test("a Redis that evicts says by which policy, and how many keys have gone; one without a limit evicts nothing", async () => {
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  expect(await readRedisFacts(redis)).not.toHaveProperty("eviction");
  await redis.config("SET", "maxmemory", "3mb");
  expect(await readRedisFacts(redis)).toMatchObject({ eviction: { policy: "allkeys-lru", evictedKeys: 0 } });
  for (let i = 0; i < 300; i++) await redis.set(`filler:${i}`, "x".repeat(20_000));
  const { eviction } = await readRedisFacts(redis);
  expect(eviction?.evictedKeys).toBeGreaterThan(0);
  await redis.config("SET", "maxmemory-policy", "noeviction");
  expect(await readRedisFacts(redis)).not.toHaveProperty("eviction");
  await redis.config("SET", "maxmemory", "0");
  await redis.flushall();
});

test("where the limit is not told, what was evicted shows that there is one", () => {
  const managed = (evicted: number) => factsOf(`maxmemory_policy:volatile-lru\r\nevicted_keys:${evicted}\r\n`);
  expect(managed(0)).toEqual({});
  expect(managed(72_000)).toEqual({ eviction: { policy: "volatile-lru", evictedKeys: 72_000 } });
});

test("persistent is one with an append-only file or with snapshots", async () => {
  expect(await readRedisFacts(redis)).toMatchObject({ isPersistent: false });
  await redis.config("SET", "save", "3600 1");
  expect(await readRedisFacts(redis)).toMatchObject({ isPersistent: true });
  await redis.config("SET", "save", "");
  await redis.config("SET", "appendonly", "yes");
  expect(await readRedisFacts(redis)).toMatchObject({ isPersistent: true });
  await redis.config("SET", "appendonly", "no");
});

test("a replica names its master, also one that takes writes", async () => {
  await redis.replicaof("127.0.0.1", "1");
  expect(await readRedisFacts(redis)).toMatchObject({ replicaOf: "127.0.0.1:1" });
  await redis.replicaof("NO", "ONE");
  expect(await readRedisFacts(redis)).not.toHaveProperty("replicaOf");
});

test("the version is Redis's own, and none where another counts otherwise", () => {
  expect(factsOf(info).version).toMatch(/^\d+\.\d+/);
  expect(edited("redis_version", "4.0.9").version).toBe("4.0.9");
  expect(factsOf(`${info}valkey_version:8.0.1\r\n`)).not.toHaveProperty("version");
});

test("of what is forbidden nothing is invented; of a Redis that does not answer nothing is known", async () => {
  const denied = new Redis(server.url);
  await redis.call("ACL", "SETUSER", "managed", "on", "nopass", "~*", "+@all", "-config");
  await denied.call("AUTH", "managed", "x");
  expect(await readRedisFacts(denied)).toEqual({ version: expect.any(String) });
  await redis.call("ACL", "SETUSER", "managed", "-info");
  expect(await readRedisFacts(denied)).toEqual({});
  denied.disconnect();
  await expect(readRedisFacts(denied)).rejects.toThrow();
});
