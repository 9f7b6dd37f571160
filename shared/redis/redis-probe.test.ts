import { PassThrough } from "node:stream";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { parseConfig } from "../config/load-config.ts";
import { secretsIn } from "../config/secrets.ts";
import { createLogger } from "../logging/create-logger.ts";
import { RedisProbe } from "./redis-probe.ts";
import { RedisWatch } from "./redis-watch.ts";

let server: TestRedis;
let redis: Redis;
let admin: Redis;

beforeEach(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
  redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  for (const client of [admin, redis]) client.on("error", () => {});
  await Promise.all([admin.ping(), redis.ping()]);
});

afterEach(async () => {
  for (const client of [admin, redis]) client.disconnect();
  await server.stop();
});

test("a Redis that takes writes is in no trouble", async () => {
  expect(await new RedisProbe(redis).findTrouble()).toBeUndefined();
});

test.each([
  ["that is a read-only replica", () => admin.replicaof("127.0.0.1", "1"), "read-only replica", "master"],
  ["that is out of memory", () => admin.config("SET", "maxmemory", "1"), "out of memory", "Raise maxmemory"],
  [
    "without its replicas",
    () => admin.config("SET", "min-replicas-to-write", "1"),
    "replicas",
    "min-replicas-to-write",
  ],
  ["whose user may not write", () => admin.call("ACL", "SETUSER", "default", "-set"), "may not write", "ACL"],
])("a Redis %s says so, with what to do", async (_, spoil, message, todo) => {
  await spoil();
  expect(await new RedisProbe(redis).findTrouble()).toEqual({
    message: expect.stringContaining(message),
    todo: expect.stringContaining(todo),
  });
});

test("a Redis that keeps its connection and answers nothing is told after 2 s, and one that is gone at once", async () => {
  server.freeze();
  expect(await new RedisProbe(redis).findTrouble()).toMatchObject({ message: "Redis does not answer" });
  server.thaw();
  await server.kill();
  await expect.poll(() => redis.status).not.toBe("ready");
  expect(await new RedisProbe(redis).findTrouble()).toMatchObject({ message: "Redis does not answer" });
});

test("a trouble is one line when it begins and one when it ends, however often one looks", async () => {
  const output = new PassThrough();
  let log = "";
  output.on("data", (data) => {
    log += data;
  });
  const config = { current: parseConfig("{}", "x", { env: {}, cwd: "/" }) };
  const watch = new RedisWatch(redis, createLogger({ service: "test", config, secrets: secretsIn(config), output }));
  for (const memory of ["0", "1", "1", "1", "0", "0"]) {
    await admin.config("SET", "maxmemory", memory);
    await watch.look();
  }
  watch.stop();
  expect(log.split("\n").slice(0, -1)).toEqual([
    expect.stringMatching(/warn test: Redis is out of memory .*: recording goes on.*Raise maxmemory/),
    expect.stringMatching(/info test: Redis takes jobs again/),
  ]);
});
