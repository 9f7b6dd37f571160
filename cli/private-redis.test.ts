import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PrivateRedis } from "./private-redis.ts";

let folder: string;
const started: PrivateRedis[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-private-redis-"));
});

afterEach(async () => {
  for (const redis of started.splice(0)) await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

function inFolder(): PrivateRedis {
  const redis = new PrivateRedis(folder, () => {});
  started.push(redis);
  return redis;
}

async function processId(url: string): Promise<string | undefined> {
  const redis = new Redis(url);
  try {
    return /process_id:(\d+)/.exec(await redis.info("server"))?.[1];
  } finally {
    redis.disconnect();
  }
}

test("a second run in the same folder is refused, and leaves the server of the first alone", async () => {
  const first = inFolder();
  await first.start();
  const before = await processId(first.url);

  const second = inFolder();
  await expect(second.start()).rejects.toThrow("./nvr up runs here already: stop it first");
  await second.stop();

  expect(await processId(first.url)).toBe(before);
});

test("after a run has been stopped, another one can start", async () => {
  const first = inFolder();
  await first.start();
  await first.stop();
  const second = inFolder();
  await second.start();
  expect(await processId(second.url)).toMatch(/\d+/);
});

test("a folder that cannot be written is told, with what to do", async () => {
  await writeFile(join(folder, "file"), "");
  for (const path of [join(folder, "file"), "/proc/hindsight/redis"]) {
    const redis = new PrivateRedis(path, () => {});
    await expect(redis.start()).rejects.toThrow(/Redis cannot be written \(EN.*\): .*REDIS_URL/);
    await redis.stop();
  }
});
