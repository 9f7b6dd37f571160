import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterEach, expect, test, vi } from "vitest";
import { freePort, startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { parseConfig } from "../config/load-config.ts";
import { secretsIn } from "../config/secrets.ts";
import { createLogger } from "../logging/create-logger.ts";
import { connectRedis } from "./connect-redis.ts";
import { TimeoutError, within } from "./within.ts";

let server: TestRedis | undefined;
let redis: Redis | undefined;

afterEach(async () => {
  redis?.disconnect();
  await server?.stop();
  server = undefined;
});

function connect(url: string): { redis: Redis; lines: () => string[] } {
  const output = new PassThrough();
  let log = "";
  output.on("data", (data) => {
    log += data;
  });
  const config = { current: parseConfig("{}", "x", { env: {}, cwd: "/" }) };
  redis = connectRedis(url, createLogger({ service: "test", config, secrets: secretsIn(config), output }));
  return { redis, lines: () => log.split("\n").filter((line) => line !== "") };
}

test("Redis going away and coming back is one warning and one line, and waiting calls are answered then", async () => {
  server = await startRedis();
  const { port } = server;
  const { redis, lines } = connect(server.url);
  await redis.set("a", "1");
  await server.kill();
  await sleep(1500);
  const waiting = redis.get("b");
  expect(lines()).toEqual([expect.stringMatching(/warn test: Redis at 127\.0\.0\.1:\d+ is away .*redis\.url/)]);
  server = await startRedis({ port });
  expect(await within(waiting, 10_000, "get")).toBeNull();
  expect(lines().slice(1)).toEqual([expect.stringMatching(/info test: Redis at 127\.0\.0\.1:\d+ is back/)]);
});

test("a Redis that was never there is waited for", async () => {
  const port = await freePort();
  const { redis, lines } = connect(`redis://127.0.0.1:${port}`);
  await sleep(1000);
  expect(lines()).toHaveLength(1);
  server = await startRedis({ port });
  expect(await within(redis.ping(), 10_000, "ping")).toBe("PONG");
});

test("a wrong password is told, without the password", async () => {
  server = await startRedis({ password: "right-password" });
  const { lines } = connect(server.url.replace("right-password", "wrong-password"));
  await vi.waitFor(() => expect(lines()[0]).toMatch(/WRONGPASS/), 3000);
  await sleep(500);
  expect(lines()).toHaveLength(1);
  expect(lines().join()).not.toContain("wrong-password");
});

test("a question that Redis leaves unanswered ends in a TimeoutError", async () => {
  server = await startRedis();
  const { redis } = connect(server.url);
  await redis.ping();
  server.freeze();
  await expect(within(redis.ping(), 200, "a ping")).rejects.toThrow(TimeoutError);
  await expect(within(redis.ping(), 200, "a ping")).rejects.toThrow("a ping: no answer within 200 ms");
});

test("within passes on results and errors, and leaves no timer behind", async () => {
  expect(await within(Promise.resolve(5), 10_000, "x")).toBe(5);
  await expect(within(Promise.reject(new Error("y")), 10_000, "x")).rejects.toThrow("y");
});
