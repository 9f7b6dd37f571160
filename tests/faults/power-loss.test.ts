import { expect, test } from "vitest";
import { SEED } from "../support/seed.ts";
import { runPowerLoss } from "./power-loss-run.ts";

test("power loss at 30 points of a recording: what was durable is there once, nothing torn or stray is left", {
  timeout: 400_000,
}, async () => {
  const report = await runPowerLoss({ points: 30, seed: SEED, minutes: 1, log: () => {} });
  console.log(JSON.stringify(report));
  expect(report.due, "access units that must be there").toBeGreaterThan(500);
  expect(report.met.chunkAlone, "disks with footage to recover").toBeGreaterThan(0);
  expect(report).toMatchObject({ lost: [], torn: [], doubled: 0, foreign: 0, leftovers: [], quarantined: [] });
  expect(report.slowestMs, "from written to durable, ms").toBeLessThanOrEqual(report.allowedMs);
});
