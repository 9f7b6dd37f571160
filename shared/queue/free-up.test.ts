import { Redis } from "ioredis";
import { afterEach, expect, test, vi } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { onFreeUpRequest, requestFreeUp } from "./free-up.ts";

let server: TestRedis | undefined;
const ends: (() => void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await server?.stop();
  server = undefined;
});

function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => {});
  ends.push(() => redis.disconnect());
  return redis;
}

test("a request for space reaches the reaper, also after Redis was away", async () => {
  server = await startRedis();
  const { port, url } = server;
  const asked: string[] = [];
  ends.push(onFreeUpRequest(connect(url), (directory) => asked.push(directory)));
  const recorder = connect(url);
  const askUntilHeard = (directory: string) =>
    vi.waitFor(async () => {
      await requestFreeUp(recorder, directory);
      expect(asked).toContain(directory);
    });
  await askUntilHeard("/data/a");
  await server.kill();
  server = await startRedis({ port });
  await askUntilHeard("/data/b");
});

test("asking while Redis is away neither waits nor fails", async () => {
  await expect(requestFreeUp(connect("redis://127.0.0.1:1"), "/data/a")).resolves.toBeUndefined();
});
