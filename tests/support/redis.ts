import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A real redis-server for one test, with a temporary folder, on a free port of the loopback. */
export interface TestRedis {
  url: string;
  port: number;
  pid: number;
  /** Stops it cleanly and removes its folder. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does, and removes its folder with the data. */
  kill(): Promise<void>;
  /** From now on it keeps its connections but does not answer (SIGSTOP). */
  freeze(): void;
  thaw(): void;
}

export interface TestRedisOptions {
  /** Default: any free port. Give one to restart a server on its old port. */
  port?: number;
  password?: string;
}

/** Rejects when redis-server is missing or does not start: a missing tool must fail the suite. */
export async function startRedis({ port, password }: TestRedisOptions = {}): Promise<TestRedis> {
  const chosen = port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), "hindsight-redis-"));
  const settings = ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  if (password !== undefined) settings.push("--requirepass", password);
  const child = spawn("redis-server", settings, { stdio: ["ignore", "pipe", "inherit"] });
  await ready(child);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGCONT");
      child.kill(signal);
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url: `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${chosen}`,
    port: chosen,
    pid: child.pid as number,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`redis-server did not start:\n${output}`)));
    child.stdout?.on("data", (data: Buffer) => {
      output = (output + data).slice(-4000);
      if (output.includes("Ready to accept connections")) resolve();
    });
  });
}

/** A port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The complete content of a Redis, as text. */
export async function dumpRedis(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const texts: string[] = [];
    for (const key of await redis.keys("*")) {
      const type = await redis.type(key);
      const value =
        type === "hash"
          ? await redis.hgetall(key)
          : type === "string"
            ? await redis.get(key)
            : type === "stream"
              ? await redis.xrange(key, "-", "+")
              : type === "list"
                ? await redis.lrange(key, "0", "-1")
                : await redis.zrange(key, "0", "-1").catch(() => "");
      texts.push(`${key} ${JSON.stringify(value)}`);
    }
    return texts.join("\n");
  } finally {
    redis.disconnect();
  }
}
