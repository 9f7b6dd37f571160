import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../support/fleet.ts";
import { freePort } from "../support/redis.ts";

const UP = fileURLToPath(new URL("../../dist/cli/up.js", import.meta.url));
const PASSWORD = "gar$t`ig;word";
/** A line of the output, which begins with the service's name. */
const LINE = /^(nvr|redis|recorder|converter|reaper|api) +\| /;

let folder: string;
let port: number;
let up: ChildProcess;
let output: string;

const lines = (pattern: RegExp) => output.split("\n").filter((line) => pattern.test(line));
const configure = (change: object = {}) =>
  writeFile(
    join(folder, "config", "nvr.json"),
    JSON.stringify({
      cameras: { a: { url: `rtsp://u:${PASSWORD}@127.0.0.1:9/x`, enabled: false } },
      api: { port },
      health: { recorderPort: 0, converterPort: 0, reaperPort: 0, patience: "1s" },
      ...change,
    }),
  );

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-up-"));
  await mkdir(join(folder, "config"));
  port = await freePort();
  await configure();
  output = "";
});

afterEach(async () => {
  if (up.exitCode === null && up.signalCode === null) {
    up.kill("SIGTERM");
    await once(up, "exit");
  }
  await rm(folder, { recursive: true, force: true });
});

function start(): void {
  const { REDIS_URL: _, ...env } = process.env;
  up = spawn(process.execPath, [UP], { cwd: folder, env });
  for (const stream of [up.stdout, up.stderr]) {
    stream?.on("data", (data) => {
      output += data;
    });
  }
}

/** Starts a second fleet with another Redis and folder on the same storage. Returns its exit code and output. */
async function startSecond(): Promise<[number, string]> {
  const other = join(folder, "other");
  await mkdir(other);
  const { PATH } = process.env;
  const env = { PATH, REDIS_URL: "redis://127.0.0.1:9", NVR_STORAGE_ROOT: join(folder, "data", "recordings") };
  const second = spawn(process.execPath, [UP], { cwd: other, env });
  let text = "";
  second.stdout.on("data", (data) => {
    text += data;
  });
  const [code] = await once(second, "close");
  return [code, text];
}

/** The paths in a folder, itself included, that other users of the machine may read, write or enter. */
async function openToOthers(path: string): Promise<string[]> {
  const paths = [path, ...(await readdir(path, { recursive: true })).map((name) => join(path, name))];
  const isOpen = await Promise.all(paths.map(async (each) => ((await stat(each)).mode & 0o007) !== 0));
  return paths.filter((_, i) => isOpen[i]);
}

test("`nvr up` tells of a port in use in a line and tries again; a second one on the same storage is refused; nothing is for other users; a bad configuration is told once, and what crashes meanwhile starts again; it stops in good order", async () => {
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  start();
  await until("the port in use", 30_000, async () => lines(/ error api: .*port \d+ at .* is in use/).length > 0);
  other.close();
  await until("the page", 40_000, async () => lines(/^nvr .*the page is at/).length > 0);

  expect(await startSecond()).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`another ./nvr up \\(process ${up.pid} on \\S+\\) records into \\S+: stop it first`),
    ),
  ]);
  expect(await openToOthers(join(folder, "data"))).toEqual([]);

  await configure({ api: { port: "no" } });
  const url = `http://127.0.0.1:${port}/api/1/system.json`;
  const refused = await until("the condition", 20_000, async () => {
    const { payload } = (await (await fetch(url)).json()) as { payload: { health: { message: string }[] } };
    const told = payload.health.filter(({ message }) => message.includes("not in force"));
    return told.length > 0 && told;
  });
  expect(refused).toMatchObject([{ id: "configuration-refused", severity: "error", subject: "configuration" }]);
  expect(lines(/the changed configuration is not valid/)).toHaveLength(1);

  const starts = () => lines(/^reaper .* started .*"instance"/).length;
  const [, pid] = /^reaper .* started .*"instance":"[^":]*:(\d+):/m.exec(output) as RegExpExecArray;
  process.kill(Number(pid), "SIGKILL");
  await until("the reaper again, though the file is not valid", 30_000, async () => starts() === 2);

  up.kill("SIGINT");
  const [code] = await once(up, "exit");
  expect(code).toBe(0);
  expect(lines(/\S/).filter((line) => !LINE.test(line))).toEqual([]);
  expect(lines(/\| +at /), "a stack").toEqual([]);
  expect(output, "promise 5").not.toContain(PASSWORD);
  expect(output.trimEnd()).toMatch(/\nnvr +\| stopped$/);
}, 120_000);
