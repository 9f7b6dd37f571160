import fc from "fast-check";
import { type Allocations, measureAllocations } from "./allocation-meter.ts";
import type { Watchdog } from "./watchdog.ts";

/** Maximum CPU time of one input: hundreds of times what the slowest needs. */
const MAX_CPU_MS = 3000;
/** How long to search for a smaller input that also fails. */
const SHRINK_MS = 20_000;
const MAX_REPORT_LENGTH = 3000;

/** The number of inputs, and the seed that they are generated from. */
export interface FuzzRun {
  seed: number;
  inputs: number;
  /** fast-check's path to one counterexample. */
  path?: string;
  watchdog: Watchdog;
}

/** Code to run with inputs, and what must hold for each of them. */
export interface FuzzTarget {
  name: string;
  /** Number of inputs in the short form. */
  shortInputs: number;
  /** Runs the inputs. Returns undefined when all passed, else the counterexample, its error and how to run it again. */
  run(how: FuzzRun): Promise<string | undefined>;
}

/** A target whose `check` throws for an input that fails. */
export function fuzzTarget<T>(
  name: string,
  shortInputs: number,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
): FuzzTarget {
  const run = async ({ seed, inputs: numRuns, path, watchdog }: FuzzRun) => {
    watchdog.describe(`target "${name}", seed ${seed}, ${numRuns} inputs`);
    const property = fc.asyncProperty(inputs, async (input) => {
      watchdog.begin();
      const before = process.cpuUsage();
      await check(input);
      const { user, system } = process.cpuUsage(before);
      watchdog.end();
      const spentMs = (user + system) / 1000;
      if (spentMs > MAX_CPU_MS) throw new Error(`one input took ${Math.round(spentMs)} ms of CPU time`);
    });
    const found = await fc.check(property, {
      seed,
      numRuns,
      endOnFailure: true,
      ...(path === undefined ? {} : { path }),
    });
    watchdog.end();
    if (!found.failed) return undefined;
    const limits = { interruptAfterTimeLimit: SHRINK_MS, markInterruptAsFailure: true };
    const shrunk = await fc.check(property, { seed, path: found.counterexamplePath ?? "", numRuns: 1, ...limits });
    watchdog.end();
    const { counterexample, counterexamplePath, errorInstance } = shrunk.counterexample === null ? found : shrunk;
    const again = `npm run test:fuzz -- --target ${name} --seed ${seed} --path ${counterexamplePath}`;
    const input = fc.stringify(counterexample).slice(0, MAX_REPORT_LENGTH);
    return `${name}: ${(errorInstance as Error).stack}\ninput: ${input}\nto run it again: ${again}`;
  };
  return { name, shortInputs, run };
}

/** Runs `work`, which may throw errors of these classes only. Returns what was thrown. */
export function throwsOnly(work: () => void, ...classes: (new (...args: never[]) => Error)[]): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return onlyOf(error, classes);
  }
}

/** The same for asynchronous work. */
export async function rejectsOnly(
  work: () => Promise<unknown>,
  ...classes: (new (
    ...args: never[]
  ) => Error)[]
): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return onlyOf(error, classes);
  }
}

function onlyOf(error: unknown, classes: (new (...args: never[]) => Error)[]): Error {
  // Compares the class itself: RangeError is a subclass of Error, but would be a fault.
  if (error instanceof Error && classes.some((one) => error.constructor === one)) return error;
  throw new Error(`an error of an undocumented class: ${error}`, { cause: error });
}

/** Runs `work`, which may allocate no buffer larger than `largest`, and no more than `total` bytes together. */
export async function allocatesAtMost(limits: Allocations, work: () => void | Promise<void>): Promise<void> {
  const { largest, total } = await measureAllocations(work);
  if (largest > limits.largest) throw new Error(`allocated ${largest} bytes at once, more than ${limits.largest}`);
  if (total > limits.total) throw new Error(`allocated ${total} bytes, more than ${limits.total}`);
}

/** Throws unless `holds` is true. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
