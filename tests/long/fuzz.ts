import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readSessions } from "../fuzz/recorded-session.ts";
import { allTargets } from "../fuzz/targets.ts";
import { Watchdog } from "../fuzz/watchdog.ts";

/**
 * Fuzzes the parsers for the given time: `npm run test:fuzz -- --minutes 10 --seed 1`. `--target` selects one of them,
 * and `--path` one of its counterexamples. Exits with 1 when a target failed or memory kept growing.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    target: { type: "string" },
    path: { type: "string" },
  },
});
const INPUTS_PER_TURN = 100;
/** How much more memory than after the first turn may be in use at the end. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const firstSeed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const targets = allTargets(readSessions()).filter(({ name }) => values.target === undefined || name === values.target);
if (targets.length === 0 || !Number.isInteger(firstSeed))
  throw new Error("no such target, or a seed that is no number");

const watchdog = new Watchdog();
const inputs = new Map(targets.map(({ name }) => [name, 0]));
const failed = new Map<string, string>();
const spentMs = new Map(targets.map(({ name }) => [name, 0]));
let peakRssBytes = 0;
let firstHeldBytes: number | undefined;
let heldBytes = 0;

function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

console.log(`fuzzing ${targets.length} targets, seed ${firstSeed}`);
const started = performance.now();
const endMs = started + Number(values.minutes) * 60_000;
for (let turn = 0; performance.now() < endMs && failed.size < targets.length; turn++) {
  for (const target of targets.filter(({ name }) => !failed.has(name))) {
    const seed = (firstSeed + turn) | 0;
    const count = values.path === undefined ? INPUTS_PER_TURN : 1;
    const before = performance.now();
    const failure = await target.run({
      seed,
      inputs: count,
      watchdog,
      ...(values.path === undefined ? {} : { path: values.path }),
    });
    spentMs.set(target.name, (spentMs.get(target.name) as number) + performance.now() - before);
    inputs.set(target.name, (inputs.get(target.name) as number) + count);
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
    if (failure === undefined) continue;
    failed.set(target.name, failure);
    console.log(`FAILED ${failure}\n`);
  }
  heldBytes = held();
  firstHeldBytes ??= turn < 3 ? undefined : heldBytes;
  if (values.path !== undefined) break;
}
await watchdog.stop();

const seconds = (performance.now() - started) / 1000;
for (const [name, count] of inputs) {
  const rate = (count * 1000) / (spentMs.get(name) as number);
  console.log(`${name.padEnd(20)} ${String(count).padStart(9)} inputs, ${rate.toFixed(0).padStart(6)} a second`);
}
const total = [...inputs.values()].reduce((sum, count) => sum + count, 0);
const grownBytes = heldBytes - (firstHeldBytes ?? heldBytes);
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
console.log(`${total} inputs in ${seconds.toFixed(0)} s: ${(total / seconds).toFixed(0)} a second`);
console.log(`peak resident memory ${mebibytes(peakRssBytes)} MiB; held at the end ${mebibytes(grownBytes)} MiB more`);
console.log(`${failed.size} targets failed${failed.size === 0 ? "" : `: ${[...failed.keys()].join(", ")}`}`);
if (grownBytes > MAX_GROWTH_BYTES) console.log("memory kept growing");
process.exitCode = failed.size > 0 || grownBytes > MAX_GROWTH_BYTES ? 1 : 0;
