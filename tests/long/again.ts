import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { readRun, type SuiteRun, slowestFiles, tally } from "./suite-runs.ts";

/**
 * Runs the suite, or the given files, repeatedly: `npm run test:again -- --times 10 --load [file …]`. With `--load`,
 * one process per core keeps the machine busy meanwhile. Prints all failures, and the slowest files. Exits with 1 when
 * anything failed.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "10" }, load: { type: "boolean", default: false } },
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) throw new Error("--times takes a whole number of at least 1");

const BUSY = "for (;;);";

async function runOnce(folder: string, run: number): Promise<SuiteRun> {
  const path = join(folder, `${run}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${path}`];
  const child = spawn("npx", ["--no-install", "vitest", "run", ...reporters, ...positionals], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await once(child, "exit");
  return readRun(await readFile(path, "utf8"));
}

const folder = await mkdtemp(join(tmpdir(), "hindsight-again-"));
const busy = Array.from({ length: values.load ? availableParallelism() : 0 }, () =>
  spawn(process.execPath, ["-e", BUSY], { stdio: "ignore" }),
);
process.once("exit", () => {
  for (const child of busy) child.kill("SIGKILL");
});
const runs: SuiteRun[] = [];
for (let run = 1; run <= times; run++) {
  const one = await runOnce(folder, run);
  runs.push(one);
  const { passed, failed, seconds } = one;
  console.log(
    `\nrun ${run} of ${times}: ${passed} passed, ${failed} failed in ${seconds} s; load ${loadavg()[0]?.toFixed(1)}`,
  );
}
await rm(folder, { recursive: true });

const red = tally(runs);
console.log(`\n${times} runs, ${values.load ? `beside ${busy.length} busy processes` : "without a load"}`);
console.log(red.length === 0 ? "nothing was ever red" : "red:");
for (const { file, test, count, message } of red) {
  console.log(`  ${count} of ${times}  ${relative(process.cwd(), file)} > ${test}\n    ${message}`);
}
console.log("the slowest files, in s (median of the runs):");
for (const { file, seconds } of slowestFiles(runs, 20)) {
  console.log(`  ${seconds.toFixed(1).padStart(6)}  ${relative(process.cwd(), file)}`);
}
process.exit(red.length === 0 ? 0 : 1);
