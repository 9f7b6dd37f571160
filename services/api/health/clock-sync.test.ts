import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClockSync, readClockSync } from "./clock-sync.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hindsight-clock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a program to the only folder in which programs are looked for. */
function program(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** The kernel's answer, read in another way: maxerror of ntp_adjtime(3), at byte 24. */
const BY_PYTHON = `
import ctypes
timex = ctypes.create_string_buffer(256)
ctypes.CDLL(None).ntp_adjtime(timex)
print(int.from_bytes(timex.raw[24:32], "little"))`;

test("what the kernel of this very machine says is read, without any right", async () => {
  const maxErrorUs = Number(execFileSync("/usr/bin/python3", ["-c", BY_PYTHON], { encoding: "utf8" }));
  expect(await readClockSync()).toBe(maxErrorUs < 16_000_000);
});

test.each([
  ["15999999", true],
  ["16000000", false],
])("with an error of at most %s µs it is synchronized: %s", async (maxErrorUs, expected) => {
  program("perl", `echo ${maxErrorUs}`);
  program("timedatectl", `echo ${expected ? "no" : "yes"}`); // the kernel is asked first
  expect(await readClockSync(folder)).toBe(expected);
});

test.each([
  ["yes", true],
  ["no", false],
])("where there is no perl, or no such call, systemd's %s counts", async (answer, expected) => {
  program("timedatectl", `echo ${answer}`);
  expect(await readClockSync(folder)).toBe(expected);
  program("perl", "exit 1");
  expect(await readClockSync(folder)).toBe(expected);
});

test("where nothing tells it is unknown", async () => {
  expect(await readClockSync(folder)).toBeUndefined();
  program("timedatectl", "echo 'Failed to connect to bus' >&2; exit 1");
  expect(await readClockSync(folder)).toBeUndefined();
});

test("no program is given our environment", async () => {
  vi.stubEnv("NVR_CAMERAS", "rtsp://user:secret@camera");
  const seen = join(folder, "seen");
  program("timedatectl", `export -p > ${seen}; echo yes`);
  await readClockSync(folder);
  vi.unstubAllEnvs();
  expect(existsSync(seen)).toBe(true);
  expect(readFileSync(seen, "utf8")).not.toContain("secret");
});

test("only the second reading in a row without NTP counts, and one with it ends that", async () => {
  let answer: boolean | undefined = false;
  let readings = 0;
  const clock = new ClockSync(async () => {
    readings++;
    return answer;
  }, 0);
  const next = async () => {
    const before = readings;
    const { state } = clock;
    expect(readings).toBe(before + 1);
    await new Promise((resolve) => setImmediate(resolve));
    return state;
  };
  expect(await next()).toBe("unknown");
  expect(await next()).toBe("unknown");
  expect(await next()).toBe("unsynchronized");
  answer = true;
  await next();
  expect(await next()).toBe("synchronized");
  answer = undefined;
  await next();
  expect(await next()).toBe("unknown");
});

test("between two readings nothing is asked, however often one looks", async () => {
  const read = vi.fn(async () => true);
  const clock = new ClockSync(read);
  for (let i = 0; i < 3; i++) {
    void clock.state;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(clock.state).toBe("synchronized");
  expect(read).toHaveBeenCalledTimes(1);
});
