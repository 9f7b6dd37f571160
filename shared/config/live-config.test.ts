import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLogger } from "../logging/create-logger.ts";
import type { Config } from "./config.ts";
import { LiveConfigFile } from "./live-config.ts";

let cwd: string;
let file: string;
let live: LiveConfigFile;
let log: () => string;
let changes: [Config, Config][];

const withPort = (port: number) => JSON.stringify({ api: { port } });

async function open(): Promise<void> {
  live = await LiveConfigFile.open({ env: {}, cwd });
  const output = new PassThrough();
  let text = "";
  output.on("data", (data) => {
    text += data;
  });
  log = () => text;
  changes = [];
  live.onChange((next, previous) => changes.push([next, previous]));
  live.watch(createLogger({ service: "api", config: live, output }));
}

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hindsight-live-"));
  file = join(cwd, "config", "nvr.json");
  await mkdir(join(cwd, "config"));
  await writeFile(file, withPort(1001));
});

afterEach(async () => {
  live.close();
  await rm(cwd, { recursive: true, force: true });
});

test("a file that is written over or put in its place takes effect within a second, once", async () => {
  await open();
  await writeFile(file, withPort(1002));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1002), 1000);
  await writeFile(`${file}~`, withPort(1003));
  await rename(`${file}~`, file);
  await vi.waitFor(() => expect(live.current.api.port).toBe(1003), 1000);
  expect(changes.map(([next, previous]) => [previous.api.port, next.api.port])).toEqual([
    [1001, 1002],
    [1002, 1003],
  ]);
});

test("an invalid file is told once, and the old configuration stays until the file is valid", async () => {
  await open();
  await writeFile(file, '{"api": {"port": "no"}}');
  await vi.waitFor(() => expect(live.problem).toContain('api.port = "no"'), 1000);
  await sleep(4500);
  expect(log().match(/not valid/g)).toHaveLength(1);
  expect(live.current.api.port).toBe(1001);
  expect(changes).toEqual([]);
  await writeFile(file, withPort(1001));
  await vi.waitFor(() => expect(live.problem).toBeUndefined(), 1000);
  expect(changes).toEqual([]);
});

test("a file that vanishes or is emptied does not stop the cameras", async () => {
  await open();
  await writeFile(file, "");
  await vi.waitFor(() => expect(live.problem).toContain("not JSON"), 1000);
  await rm(file);
  await vi.waitFor(() => expect(live.problem).toContain("is gone"), 3000);
  expect(live.current.api.port).toBe(1001);
  await writeFile(file, withPort(1004));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1004), 3000);
});

test("a folder that was not there at the start is followed when it comes", async () => {
  await rm(join(cwd, "config"), { recursive: true });
  await open();
  await mkdir(join(cwd, "config"));
  await writeFile(file, withPort(1005));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1005), 5000);
});

test("a listener that fails keeps no other from the change", async () => {
  await open();
  live.onChange(() => {
    throw new Error("broken part");
  });
  const later = vi.fn();
  live.onChange(later);
  await writeFile(file, withPort(1006));
  await vi.waitFor(() => expect(later).toHaveBeenCalledOnce(), 1000);
  expect(log()).toContain("broken part");
});
