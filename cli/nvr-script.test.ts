import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const NVR = fileURLToPath(new URL("../nvr", import.meta.url));
const SCRIPT = "/usr/bin/script";

/** The only folder in PATH: programs that are not in it count as not installed. */
let programs: string;

beforeEach(async () => {
  programs = await mkdtemp(join(tmpdir(), "hindsight-nvr-"));
  for (const name of ["bash", "env", "dirname", "readlink", "cat"])
    await symlink(`/usr/bin/${name}`, join(programs, name));
  await symlink(process.execPath, join(programs, "node"));
  for (const name of ["npm", "flock"]) await fake(name, "");
});

afterEach(async () => {
  await rm(programs, { recursive: true, force: true });
});

async function fake(name: string, script: string): Promise<void> {
  await writeFile(join(programs, name), `#!/usr/bin/env bash\n${script}\n`);
  await chmod(join(programs, name), 0o755);
}

interface Outcome {
  code: number;
  output: string;
}

async function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}, typed?: string): Promise<Outcome> {
  const child = spawn(command, args, { env: { PATH: programs, SHELL: "/bin/bash", ...env } });
  let output = "";
  let isTyped = typed === undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
      if (isTyped || !output.includes("[y/N]")) return;
      isTyped = true; // only once: the program may have ended by its next output
      child.stdin.write(typed as string);
    });
  }
  if (typed === undefined) child.stdin.end();
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

test("a NODE_OPTIONS that Node.js refuses is what is wrong, not its version", async () => {
  for (const options of ["--nonsense", "--require /nowhere.cjs"]) {
    const { code, output } = await run(NVR, ["check"], { NODE_OPTIONS: options });
    expect(code).toBe(1);
    expect(output).toContain(options.split(" ").at(-1));
    expect(output).toContain(`without the environment variable NODE_OPTIONS (${options}): correct or unset it`);
    expect(output).not.toContain("20.19");
  }
});

test("a Node.js that does not run for another reason is told with what it says", async () => {
  await rm(join(programs, "node"));
  await fake("node", "echo 'GLIBC_2.99 not found' >&2; exit 1");
  const { code, output } = await run(NVR, ["check"], { NODE_OPTIONS: "--trace-warnings" });
  expect(code).toBe(1);
  expect(output).toContain(`GLIBC_2.99 not found\nNode.js does not run: see what is wrong with ${programs}/node`);
});

test("an old Node.js is told with its version, also among warnings", async () => {
  await rm(join(programs, "node"));
  await fake("node", "echo 'a warning' >&2; echo 20.18.3; echo 'another one 22.0.0' >&2");
  expect((await run(NVR, ["check"])).output).toContain("needs Node.js 20.19 or newer; this is 20.18.3\n");
});

/** Simulates a machine without ffmpeg and without root, where calls of sudo (for apt-get) are noted in a file. */
async function withoutFfmpeg(): Promise<() => Promise<string>> {
  const note = join(programs, "note");
  await writeFile(note, "");
  await fake("dpkg-query", "exit 1");
  await fake("id", "echo 1000");
  await fake("sudo", `echo "sudo $*" >>${note}; exit 1`);
  return () => readFile(note, "utf8");
}

test.each(["n\n", "\n"])("on a terminal nothing is installed without a yes (%j)", async (answer) => {
  const called = await withoutFfmpeg();
  const { output } = await run(SCRIPT, ["-qec", `${NVR} up`, "/dev/null"], {}, answer);
  expect(output).toContain("Install with sudo apt-get: ffmpeg? [y/N]");
  expect(output).toContain("Hindsight needs ffmpeg: install it in the way you prefer");
  expect(await called()).toBe("");
});

test("after a yes it is installed", async () => {
  const called = await withoutFfmpeg();
  const { output } = await run(SCRIPT, ["-qec", `${NVR} up`, "/dev/null"], {}, "y\n");
  expect(output).toContain("apt-get could not install ffmpeg");
  expect(await called()).toBe("sudo apt-get update -qq\n");
});

test("without a terminal, and in CI, nobody is asked", async () => {
  const called = await withoutFfmpeg();
  const piped = await run(NVR, ["up"]);
  const inCi = await run(SCRIPT, ["-qec", `${NVR} up`, "/dev/null"], { CI: "true" });
  for (const { output } of [piped, inCi]) expect(output).not.toContain("[y/N]");
  expect(await called()).toBe("sudo apt-get update -qq\n".repeat(2));
});
