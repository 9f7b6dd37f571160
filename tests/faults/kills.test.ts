import { expect, test } from "vitest";
import { SEED } from "../support/seed.ts";
import { runKills } from "./kill-run.ts";

test("kill -9 of every process, 20 times at random: every access unit written is in the mp4 files exactly once", {
  timeout: 400_000,
}, async () => {
  const report = await runKills({ kills: 20, seed: SEED, log: () => {} });
  console.log(JSON.stringify(report));
  expect(report.due, "access units that must be there").toBeGreaterThan(500);
  expect(report).toMatchObject({ lost: 0, doubled: 0, foreign: 0, leftovers: [] });
});
