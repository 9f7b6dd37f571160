import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, open as openFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StoreFiles } from "../disk/store-files.ts";
import { createLogger } from "../logging/create-logger.ts";
import type { Config } from "./config.ts";
import { type FollowPace, LiveConfigFile } from "./live-config.ts";
import { secretsIn } from "./secrets.ts";

const PACE: FollowPace = { settleMs: 50, pollMs: 40 };
/** A poll interval so long that no poll happens: changes must be noticed without one. */
const NO_POLL: FollowPace = { ...PACE, pollMs: 3_600_000 };
/** How long a busy machine may take. */
const LIMIT = { timeout: 20_000 };

let cwd: string;
let file: string;
let live: LiveConfigFile;
let log: () => string;
let changes: [Config, Config][];

const withPort = (port: number) => JSON.stringify({ api: { port } });

/** Loads the file; it is watched once the returned function is called. */
async function load(pace = PACE): Promise<(isLoggedElsewhere?: boolean) => void> {
  live = await LiveConfigFile.open(new StoreFiles(), { env: {}, cwd }, pace);
  const output = new PassThrough();
  let text = "";
  output.on("data", (data) => {
    text += data;
  });
  log = () => text;
  changes = [];
  live.onChange((next, previous) => changes.push([next, previous]));
  const logger = createLogger({ service: "api", config: live, secrets: secretsIn(live), output });
  return (isLoggedElsewhere) => live.watch(logger, isLoggedElsewhere);
}

async function open(pace = PACE): Promise<void> {
  const follow = await load(pace);
  follow();
}

/** Replaces the file by a complete new one, as editors do. */
async function put(text: string): Promise<void> {
  await writeFile(`${file}~`, text);
  await rename(`${file}~`, file);
}

/** Waits until a timer with the poll interval has fired `count` times. */
function polls(count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const timer = setInterval(() => {
      if (--left > 0) return;
      clearInterval(timer);
      resolve();
    }, PACE.pollMs);
  });
}

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hindsight-live-"));
  file = join(cwd, "config", "nvr.json");
  await mkdir(join(cwd, "config"));
  await writeFile(file, withPort(1001));
});

afterEach(async () => {
  vi.useRealTimers();
  live.close();
  // A copy of the file may still be being written into it.
  await rm(cwd, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

test("a file that is written over or put in its place takes effect without a poll, once", async () => {
  await open(NO_POLL);
  await writeFile(file, withPort(1002));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1002), LIMIT);
  await put(withPort(1003));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1003), LIMIT);
  expect(changes.map(([next, previous]) => [previous.api.port, next.api.port])).toEqual([
    [1001, 1002],
    [1002, 1003],
  ]);
});

test("a valid file is told once, with what it changes that needs a restart", async () => {
  await open();
  await put(JSON.stringify({ api: { port: 1002 }, storage: { root: "elsewhere" }, log: { format: "text" } }));
  await vi.waitFor(() => expect(changes).toHaveLength(1), LIMIT);
  expect(log()).toMatch(/^.* info api: the configuration has changed and is in force .*\n.* warn api: restart to put/);
  expect(log()).toContain("restart to put these in force: storage.root, api.port\n");
});

test("what another process tells of the same file is not told a second time", async () => {
  const follow = await load();
  follow(true);
  await put(withPort(1002));
  await vi.waitFor(() => expect(changes).toHaveLength(1), LIMIT);
  await put('{"api": {"port": "no"}}');
  await vi.waitFor(() => expect(live.problem).toContain("api.port"), LIMIT);
  expect(log()).toBe("");
});

test("an invalid file is told once, and the old configuration stays until the file is valid", async () => {
  await open();
  await put('{"api": {"port": "no"}}');
  await vi.waitFor(() => expect(live.problem).toContain('api.port = "no"'), LIMIT);
  await polls(10);
  expect(log().match(/not valid/g)).toHaveLength(1);
  expect(live.current.api.port).toBe(1001);
  await put(withPort(1001));
  await vi.waitFor(() => expect(live.problem).toBeUndefined(), LIMIT);
  expect(changes).toEqual([]);
});

test("of a file with several mistakes the first is told in a line, and the log has them all", async () => {
  await open();
  await put('{"api": {"port": "no"},\n "log": {"level": "loud"}, "nonsense": 1}');
  await vi.waitFor(() => expect(live.problem).toMatch(/^.+: .+ \(and 2 more; \.\/nvr check lists them\)$/), LIMIT);
  for (const key of ["nonsense", "api.port", "log.level"]) expect(log()).toContain(key);
});

test("a file that is truncated and then written is not judged in between, however often it is looked at", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  await open({ settleMs: 200, pollMs: 50 });
  await writeFile(file, "");
  for (let poll = 0; poll < 3; poll++) {
    vi.advanceTimersByTime(50);
    await sleep(30); // reading the file takes real time
  }
  expect(live.problem).toBeUndefined();
  await writeFile(file, withPort(1002));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1002), LIMIT); // advances the fake timers
  expect(log()).not.toContain("not valid");
});

test("a change that settles during a look that takes long is looked at afterwards", async () => {
  const follow = await load(NO_POLL);
  const pipe = join(cwd, "pipe"); // a reader waits until somebody writes into it
  execFileSync("mkfifo", [pipe]);
  await rm(file);
  await link(pipe, file);
  follow();
  await put(withPort(1002));
  await sleep(10 * PACE.settleMs);
  const writer = await openFile(pipe, "r+");
  await writer.writeFile(withPort(1001)); // the slow look finds the old content
  await writer.close();
  await vi.waitFor(() => expect(live.current.api.port).toBe(1002), LIMIT);
});

test("a file that vanishes or is emptied does not stop the cameras", async () => {
  await open();
  await writeFile(file, "");
  await vi.waitFor(() => expect(live.problem).toContain("not JSON"), LIMIT);
  await rm(file);
  await vi.waitFor(() => expect(live.problem).toContain("is gone"), LIMIT);
  expect(live.current.api.port).toBe(1001);
  await put(withPort(1004));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1004), LIMIT);
});

test("a folder that was not there at the start is followed when it comes, and so is its going", async () => {
  await rm(join(cwd, "config"), { recursive: true });
  await open();
  const { port } = live.current.api;
  await mkdir(join(cwd, "config"));
  await put("{");
  await vi.waitFor(() => expect(live.problem).toContain("not JSON"), LIMIT);
  await rm(file);
  await vi.waitFor(() => expect(live.problem).toBeUndefined(), LIMIT);
  expect(live.current.api.port).toBe(port);
  await put(withPort(1005));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1005), LIMIT);
});

test("a listener that fails keeps no other from the change", async () => {
  await open();
  live.onChange(() => {
    throw new Error("broken part");
  });
  const later = vi.fn();
  live.onChange(later);
  await put(withPort(1006));
  await vi.waitFor(() => expect(later).toHaveBeenCalledOnce(), LIMIT);
  expect(log()).toContain("broken part");
});
