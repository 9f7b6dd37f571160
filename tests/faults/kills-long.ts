import { parseArgs } from "node:util";
import { runKills } from "./kill-run.ts";

/**
 * The long form of kills.test.ts: `npm run test:faults -- --kills 500 --seed 1`. Exits with 1 when a promise is broken.
 */
const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
const kills = Number(values.kills ?? 500);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));

console.log(`${kills} kills, seed ${seed}`);
const report = await runKills({ kills, seed, log: console.log });
console.log(JSON.stringify(report, undefined, 2));
const isBroken = report.lost + report.doubled + report.foreign + report.leftovers.length > 0;
if (isBroken) console.error("broken: footage that was written is not in the store exactly once");
if (report.tornTails === 0) console.error("no torn tail was met: the run proves nothing about them");
if (report.due === 0) console.error("nothing was recorded");
process.exitCode = isBroken || report.tornTails === 0 || report.due === 0 ? 1 : 0;
