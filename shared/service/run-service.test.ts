import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { StatusStore } from "../status/status-store.ts";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

/** A service that does at its start and stop what the environment variable TEST_MODE says. */
const SERVICE = `
import { writeFileSync } from "node:fs";
import { runService } from ${JSON.stringify(join(DIST, "shared/service/run-service.js"))};
import { StartError } from ${JSON.stringify(join(DIST, "shared/service/start-error.js"))};
const mode = process.env.TEST_MODE ?? "";
await runService(process.env.TEST_NAME ?? "recorder", async ({ logger, config, instance }) => {
  if (mode === "start fails") throw new Error("no such device");
  if (mode === "port in use") throw new StartError("port 1 is in use", { cause: new Error("EADDRINUSE") });
  if (mode === "crash") setTimeout(() => { throw new Error("a bug"); }, 200);
  if (mode === "rejection") setTimeout(() => Promise.reject(new Error("a bug")), 200);
  logger.info("instance " + instance + " url " + config.current.redis.url);
  const alive = setInterval(() => {}, 1000);
  return {
    async stop() {
      if (mode === "slow") await new Promise((resolve) => setTimeout(resolve, 60000));
      writeFileSync("stopped", "");
      clearInterval(alive);
    },
    problems: () => (mode === "ill" ? ["the disk is full"] : []),
  };
});
`;

let folder: string;
let cwd: string;
let redisServer: TestRedis;
const children: ChildProcess[] = [];

beforeAll(async () => {
  if (!existsSync(DIST)) throw new Error('the services were not built: run "npm run build" first');
  folder = await mkdtemp(join(tmpdir(), "hindsight-run-service-"));
  await writeFile(join(folder, "service.mjs"), SERVICE);
  redisServer = await startRedis({ password: "hunter2-redis" });
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

afterAll(async () => {
  await redisServer.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  output(): string;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string | null>;
  healthPort(): Promise<number>;
}

async function run(
  env: NodeJS.ProcessEnv = {},
  config = '{"health": {"recorderPort": 0}}',
  isSupervised = false,
): Promise<Running> {
  cwd = await mkdtemp(join(folder, "cwd-"));
  await mkdir(join(cwd, "config"));
  await writeFile(join(cwd, "config", "nvr.json"), config);
  const { PATH } = process.env;
  const child = spawn("node", [join(folder, "service.mjs")], {
    cwd,
    env: { PATH, REDIS_URL: redisServer.url, ...env },
    stdio: ["pipe", "pipe", "pipe", ...(isSupervised ? ["ipc" as const] : [])],
  });
  children.push(child);
  let output = "";
  const take = (data: Buffer) => {
    output += data;
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const ended = new Promise<number | string | null>((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? signal)),
  );
  const healthPort = () =>
    vi.waitFor(() => Number((/"healthPort":(\d+)/.exec(output) as RegExpExecArray)[1]), { timeout: 10_000 });
  return { child, output: () => output, ended, healthPort };
}

test("a service serves health and metrics, tells Redis of itself, and stops on SIGTERM with code 0", async () => {
  const service = await run();
  const port = await service.healthPort();
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toMatch(/process_cpu_seconds_total\{service="recorder"\} \d/);
  expect((await fetch(`http://127.0.0.1:${port}/else`)).status).toBe(404);
  const redis = new Redis(redisServer.url);
  const store = new StatusStore(redis);
  await vi.waitFor(async () => {
    expect(await store.readServices()).toMatchObject([{ service: "recorder", problems: [] }]);
  }, 3000);
  service.child.kill("SIGTERM");
  expect(await service.ended).toBe(0);
  expect(existsSync(join(cwd, "stopped"))).toBe(true);
  expect(await store.readServices()).toEqual([]);
  redis.disconnect();
  expect(service.output(), "promise 5").not.toContain("hunter2-redis");
});

test("a service's health port serves what health.hosts names, and no other host", async () => {
  const service = await run({ NVR_HEALTH_HOSTS: "recorder" });
  const port = await service.healthPort();
  const statusOf = (host: string) =>
    new Promise((resolve) => {
      get({ host: "127.0.0.1", port, path: "/metrics", headers: { host } }, (res) => resolve(res.resume().statusCode));
    });
  expect(await Promise.all(["recorder", "evil.example"].map(statusOf))).toEqual([200, 421]);
});

test("a service with problems answers 503 and names them", async () => {
  const service = await run({ TEST_MODE: "ill" });
  const health = await fetch(`http://127.0.0.1:${await service.healthPort()}/health`);
  expect([health.status, await health.json()]).toEqual([503, { status: "error", problems: ["the disk is full"] }]);
});

test("a port that is taken costs a warning, not the service", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const taken = (other.address() as AddressInfo).port;
  const service = await run({ NVR_HEALTH_RECORDER_PORT: String(taken) });
  const port = await service.healthPort();
  other.close();
  expect(port).not.toBe(taken);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  expect(service.output()).toMatch(new RegExp(`warn recorder: port ${taken} .*EADDRINUSE`));
});

test("a bad configuration is told on stderr, and the exit code is 78", async () => {
  const service = await run({}, '{"api": {"port": "no"}}');
  expect(await service.ended).toBe(78);
  expect(service.output()).toMatch(
    /recorder: the configuration has a problem:\n {2}api\.port = "no" \(.*nvr\.json:1:10\): expected/,
  );
});

test("a second signal ends a service that takes long to stop", async () => {
  const service = await run({ TEST_MODE: "slow" });
  await service.healthPort();
  service.child.kill("SIGINT");
  await vi.waitFor(() => expect(service.output()).toContain("SIGINT: stopping"));
  service.child.kill("SIGINT");
  expect(await service.ended).toBe(1);
});

test("an error that nobody caught stops the service in good order, with code 1", async () => {
  for (const mode of ["crash", "rejection"]) {
    const service = await run({ TEST_MODE: mode });
    expect(await service.ended, mode).toBe(1);
    expect(existsSync(join(cwd, "stopped")), mode).toBe(true);
    expect(service.output()).toContain("a bug");
  }
});

test("a service that cannot start says why, with code 1", async () => {
  const service = await run({ TEST_MODE: "start fails" });
  expect(await service.ended).toBe(1);
  expect(service.output()).toContain("no such device");
});

test("what its operator can mend is told in one line, without a stack", async () => {
  const service = await run({ TEST_MODE: "port in use" });
  expect(await service.ended).toBe(1);
  const lines = service.output().split("\n");
  expect(lines.filter((line) => line.includes("error"))).toEqual([
    expect.stringMatching(/error recorder: port 1 is in use$/),
  ]);
  expect(lines.filter((line) => line.startsWith(" "))).toEqual([]);
});

test("without Redis a service starts, works and stops all the same (promise 3)", async () => {
  const service = await run({ REDIS_URL: "redis://127.0.0.1:1" });
  expect((await fetch(`http://127.0.0.1:${await service.healthPort()}/health`)).status).toBe(200);
  expect(service.output().match(/Redis at .* is away/g)).toHaveLength(1);
  service.child.kill("SIGTERM");
  expect(await service.ended).toBe(0);
});

test("a service goes on when nobody reads its log any more", async () => {
  const service = await run();
  const port = await service.healthPort();
  service.child.stdout?.destroy();
  await writeFile(join(cwd, "config", "nvr.json"), '{"api": {"port": "no"}}');
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(503), 8000);
  await sleep(1500);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(503);
  expect(service.child.exitCode).toBeNull();
});

test("a refused configuration is told to Redis beside the service's own problems, and logged by the supervisor alone", async () => {
  const services: Running[] = [];
  for (const isSupervised of [false, true]) {
    const service = await run({ TEST_MODE: "ill" }, '{"health": {"recorderPort": 0}}', isSupervised);
    await service.healthPort();
    services.push(service);
    await writeFile(join(cwd, "config", "nvr.json"), '{"api": {"port": "no"}}');
  }
  const redis = new Redis(redisServer.url);
  const refused = "the changed configuration is not in force: api.port";
  await vi.waitFor(async () => {
    const told = { problems: ["the disk is full"], refusedConfiguration: expect.stringContaining(refused) };
    expect(await new StatusStore(redis).readServices()).toContainEqual(expect.objectContaining(told));
  }, 10_000);
  redis.disconnect();
  for (const service of services) {
    const health = await (await fetch(`http://127.0.0.1:${await service.healthPort()}/health`)).json();
    expect(health).toMatchObject({ problems: ["the disk is full", expect.stringContaining(refused)] });
    service.child.kill("SIGTERM");
    expect(await service.ended).toBe(0);
  }
  expect(services.map((service) => service.output().includes("configuration is not valid"))).toEqual([true, false]);
});

test("the api has no health server of its own here", async () => {
  const service = await run({ TEST_NAME: "api" });
  await vi.waitFor(() => expect(service.output()).toContain("api: started"), 10_000);
  expect(service.output()).not.toContain("healthPort");
});
