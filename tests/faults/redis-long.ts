import { parseArgs } from "node:util";
import { runRedisFaults } from "./redis-run.ts";

/**
 * The long form of redis.test.ts: `npm run test:redis -- --minutes 3`, for each fault. Exits with 1 when a promise is
 * broken.
 */
const { values } = parseArgs({ options: { minutes: { type: "string" } } });
const minutes = Number(values.minutes ?? 3);

const { faults, cameras, stuckJobs, leftovers } = await runRedisFaults({ lastsMs: minutes * 60_000, log: console.log });
console.log(JSON.stringify({ faults, cameras, stuckJobs, leftovers }, undefined, 2));
const isBroken = Object.values(cameras).some(
  ({ due, lost, doubled, foreign, sessions }) => due === 0 || lost.length + doubled + foreign > 0 || sessions !== 2,
);
if (isBroken)
  console.error("broken: footage that was written is not in the store exactly once, or recording was disturbed");
if (stuckJobs + leftovers.length > 0) console.error("broken: jobs or files are left when all is done");
process.exitCode = isBroken || stuckJobs + leftovers.length > 0 ? 1 : 0;
