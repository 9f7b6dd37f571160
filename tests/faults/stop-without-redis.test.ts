import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Fleet, type FleetService, until } from "../support/fleet.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";

const SERVICES = ["recorder", "converter", "reaper", "api"] as const;
/** Far more than a second on a busy machine, and far less than the 20 s after which a converter gives up its jobs. */
const LIMIT_MS = 10_000;

let folder: string;
let redis: TestRedis;
let fleet: Fleet;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-stop-"));
  redis = await startRedis({ password: "right" });
});

afterEach(async () => {
  for (const service of SERVICES) await fleet.end(service, "SIGKILL");
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(redisUrl: string, ...services: FleetService[]): Promise<void> {
  fleet = await Fleet.prepare({ folder, redisUrl, config: {} });
  fleet.start(...services);
  await until(
    "all are started",
    60_000,
    async () => fleet.log.match(/ info \w+: started/g)?.length === services.length,
  );
}

async function expectGoodEnd(...services: FleetService[]): Promise<void> {
  const startedMs = performance.now();
  for (const code of await Promise.all(services.map((service) => fleet.end(service)))) expect(code).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(LIMIT_MS);
  expect(fleet.log).not.toMatch(/good order|another converter will do it again/);
}

test("every idle service stops at once while Redis is away", async () => {
  await start(redis.url, ...SERVICES);
  await redis.kill();
  await until("all miss it", 20_000, async () => fleet.log.match(/Redis at \S+ is away/g)?.length === SERVICES.length);
  await expectGoodEnd(...SERVICES);
});

test("an idle converter, who waits for jobs, stops at once with a wrong Redis password", async () => {
  await start(redis.url.replace("right", "wrong"), "converter");
  await expectGoodEnd("converter");
});
