import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, test } from "vitest";

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a program of node_modules; its output becomes the test's error. */
async function check(program: string, ...args: string[]): Promise<void> {
  try {
    await run(join(PROJECT, "node_modules", ".bin", program), args, { cwd: PROJECT });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error });
  }
}

// Each of them takes up to a minute of a core on a busy machine.
describe.concurrent("the house", { timeout: 240_000 }, () => {
  test("Biome has nothing to say of format and style", () => check("biome", "check", "--error-on-warnings"));
  // Several threads repeat much of the work: they need twice the CPU time, which other tests need here.
  test("the types fit", () => check("tsc", "--noEmit", "--singleThreaded"));
  test("the types of the page fit", () =>
    check("tsc", "--noEmit", "--singleThreaded", "--project", "services/api/page"));
  test("nothing is unused (knip)", () => check("knip"));
  test("imports go one way, and in no circle", () => check("depcruise", "."));
});
