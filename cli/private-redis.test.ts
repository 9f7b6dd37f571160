import { once } from "node:events";
import { chmod, chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreFiles } from "../shared/disk/store-files.ts";
import { PrivateRedis } from "./private-redis.ts";

const NOBODY = 65_534;

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
  const redis = new PrivateRedis(new StoreFiles(), folder, () => {});
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

test("the socket lies where this user alone can put anything, also when the folder was open before", async () => {
  await chmod(folder, 0o777);
  const redis = inFolder();
  await redis.start();
  expect(redis.url).toBe(join(folder, "redis.sock"));
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test("with a path that is too long for a socket it runs all the same", async () => {
  const long = join(folder, "x".repeat(100));
  const redis = new PrivateRedis(new StoreFiles(), long, () => {});
  started.push(redis);
  await redis.start();
  expect(redis.url).not.toContain(long);
  expect(await processId(redis.url)).toMatch(/\d+/);
  await rm(dirname(redis.url), { recursive: true });
});

test("a socket that another user has put there is not talked to, but replaced", async () => {
  const path = join(folder, "redis.sock");
  const talks: unknown[] = [];
  const trap = createServer((socket) => talks.push(socket.destroy())).listen(path);
  await once(trap, "listening");
  await chown(path, NOBODY, NOBODY);
  const redis = inFolder();
  await redis.start();
  expect(await processId(redis.url)).toMatch(/\d+/);
  expect(talks).toEqual([]);
  trap.close();
});

test("a folder that cannot be written is told, with what to do", async () => {
  await writeFile(join(folder, "file"), "");
  for (const path of [join(folder, "file"), "/proc/hindsight/redis"]) {
    const redis = new PrivateRedis(new StoreFiles(), path, () => {});
    await expect(redis.start()).rejects.toThrow(/Redis cannot be written \(EN.*\): .*REDIS_URL/);
    await redis.stop();
  }
});
