import { beforeAll, describe, expect, test } from "vitest";
import { type RedisReport, runRedisFaults } from "./redis-run.ts";
import { redisFaults } from "./support/redis-faults.ts";

/** More than leases, statuses and hints need normally, and far less than a client that asks without a pause. */
const MAX_COMMANDS_PER_SECOND = 500;

let report: RedisReport;

beforeAll(async () => {
  report = await runRedisFaults({ lastsMs: 6_000, log: () => {} });
  console.log(JSON.stringify(report));
}, 500_000);

describe.each(redisFaults().filter(({ refuses }) => refuses))("Redis $name", ({ name, warning, message, todo }) => {
  const seen = () => report.faults.find((fault) => fault.name === name);

  test("system.json says what is wrong and what to do, and nothing that is not so", () => {
    expect(seen()?.told?.message).toMatch(message as RegExp);
    expect(seen()?.told?.todo).toMatch(todo as RegExp);
    expect(seen()?.toldBesides).toEqual([]);
  });

  test("each service says so once in its log", () => {
    const services = seen()?.warnings.map((line) => /warn (\w+):/.exec(line)?.[1]);
    expect(services?.sort()).toEqual(["api", "converter", "recorder"]);
    expect(seen()?.warnings.every((line) => (warning as RegExp).test(line))).toBe(true);
  });

  test("nobody asks it without a pause", () => {
    expect(seen()?.commandsPerSecond).toBeLessThan(MAX_COMMANDS_PER_SECOND);
  });
});

test("no job is lost and none stuck: all is converted, nothing half-done is left", () => {
  expect(report.stuckJobs).toBe(0);
  expect(report.leftovers).toEqual([]);
});

test.each(["one", "two"])("camera %s is recorded through all of it, no frame lost or doubled", (camera) => {
  const account = report.cameras[camera];
  expect(account?.sessions, "one before kill -9 of the recorder, one after").toBe(2);
  expect(account?.due).toBeGreaterThan(1000);
  expect(account).toMatchObject({ lost: [], doubled: 0, foreign: 0 });
});
