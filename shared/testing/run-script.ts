import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

/**
 * Bundles TypeScript source that imports modules of this project by absolute paths into one JavaScript file, for tests
 * that need a separate process: to kill it, or to watch its system calls. Returns its path below the system's temporary
 * folder.
 */
export async function bundleScript(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "script-"));
  const entry = join(folder, "entry.ts");
  await writeFile(entry, source);
  await build({
    configFile: false,
    logLevel: "error",
    root: folder,
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: "script.mjs" } },
    },
  });
  return join(folder, "script.mjs");
}

/**
 * Runs a script under strace; returns its system calls with the given names, one line each, in order. Throws when it
 * fails.
 * @param faults further options of strace, such as `-e inject=…`
 */
export async function traceScript(
  script: string,
  args: string[],
  calls: string[],
  faults: string[] = [],
): Promise<string[]> {
  const log = join(tmpdir(), `strace-${randomBytes(6).toString("hex")}.log`);
  const options = ["-f", "-y", "-tt", "-s", "64", "-e", `trace=${calls.join(",")}`, ...faults, "-o", log];
  const child = spawn("strace", [...options, process.execPath, script, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(child, "close");
  const text = await readFile(log, "utf8");
  await rm(log);
  if (code !== 0) throw new Error(`the traced script ended with code ${code}`);
  return text.split("\n").filter((line) => line.includes("(") && !line.includes("resumed>"));
}
