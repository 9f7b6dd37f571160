import { parseArgs } from "node:util";
import { runPowerLoss } from "./power-loss-run.ts";

/**
 * The long form of power-loss.test.ts: `npm run test:power-loss -- --points 2000 --seed 1`. Exits with 1 when a promise
 * is broken.
 */
const { values } = parseArgs({ options: { points: { type: "string" }, seed: { type: "string" } } });
const points = Number(values.points ?? 1000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));

console.log(`${points} points, seed ${seed}`);
const report = await runPowerLoss({ points, seed, minutes: 3, log: console.log });
console.log(JSON.stringify(report, undefined, 2));
const { lost, torn, doubled, foreign, leftovers, quarantined, met, slowestMs, allowedMs } = report;
const isBroken =
  lost.length + torn.length + doubled + foreign + leftovers.length + quarantined.length > 0 || slowestMs > allowedMs;
if (isBroken) console.error("broken: what was durable is not in the store exactly once, or something is left behind");
const missed = Object.entries(met).filter(([, count]) => count === 0);
for (const [what] of missed) console.error(`${what}: none was met, the run proves nothing about them`);
process.exitCode = isBroken || missed.length > 0 ? 1 : 0;
