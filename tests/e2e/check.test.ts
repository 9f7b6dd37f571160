import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { answer, ScriptedServer } from "../../services/recorder/testing/scripted-server.ts";
import { freePort } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const CHECK = fileURLToPath(new URL("../../dist/cli/check.js", import.meta.url));
const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 500, gopFrames: 25, seconds: 10 };
const PASSWORD = "p@ss:w0rd/%";

let folder: string;
let simulator: RunningSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-check-"));
  simulator = await startSimulator({
    cameras: [
      { id: "good", clip: CLIP, auth: { user: "viewer", password: PASSWORD, schemes: ["digest-sha256", "basic"] } },
      { id: "h265", clip: CLIP, faults: { h265Only: true } },
      { id: "silent", clip: CLIP, faults: { stall: true } },
    ],
  });
});

afterAll(async () => {
  await simulator?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `nvr check`; returns its exit code and all that it printed. */
async function check(cameras: Record<string, object>, ...names: string[]): Promise<{ code: number; output: string }> {
  const file = join(folder, "nvr.json");
  await writeFile(file, JSON.stringify({ cameras }));
  return new Promise((resolve) => {
    const env = { ...process.env, NVR_CONFIG: file };
    execFile(process.execPath, [CHECK, ...names], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

test("a camera that works is described", async () => {
  const { code, output } = await check({
    good: { url: simulator.url("good", { user: "viewer", password: PASSWORD }) },
  });
  expect(output).toMatch(/good: ok, avc1\.[0-9a-f]{6}, 640x360, 25 frames\/s, .*a keyframe every 1 s/);
  expect(code).toBe(0);
});

test("each camera that fails is told with the reason and what to do, and no password is printed", async () => {
  const closed = await freePort();
  const { code, output } = await check({
    "wrong-password": { url: simulator.url("good", { user: "viewer", password: "wr0ng-secret" }) },
    "wrong-path": { url: simulator.url("nothing-here") },
    unreachable: { url: `rtsp://viewer:wr0ng-secret@127.0.0.1:${closed}/` },
    h265: { url: simulator.url("h265") },
    silent: { url: simulator.url("silent") },
  });
  expect(code).toBe(1);
  expect(output).toMatch(/wrong-password: FAILED: 401 .*check the user and password/);
  expect(output).toMatch(/wrong-path: FAILED: 404 .*check the path/);
  expect(output).toMatch(/unreachable: FAILED: econnrefused .*check host and port/);
  expect(output).toMatch(/h265: FAILED: the camera's video is H265; only H\.264 can be recorded/);
  expect(output).toMatch(/silent: FAILED: no picture within 15 s/);
  expect(output).not.toContain("wr0ng-secret");
});

test("what a camera says is printed without the passwords of any camera", async () => {
  const words = "user and password viewer:wr0ng-secret are wrong, not other:an0ther-secret";
  const server = await ScriptedServer.start(() => answer(`403 ${words}`));
  onTestFinished(() => server.stop());
  const { output } = await check({
    yard: { url: server.url.replace("//", "//viewer:wr0ng-secret@") },
    other: { url: "rtsp://other:an0ther-secret@192.0.2.1/", enabled: false },
  });
  expect(output).toMatch(/yard: FAILED: 403 user and password \*\*\* are wrong, not \*\*\* to DESCRIBE/);
});

test("an invalid configuration ends it with code 78 and names the key, the value and what was expected", async () => {
  const { code, output } = await check({ yard: { url: "rtsp://viewer:wr0ng-secret@192.0.2.1/", transport: "smoke" } });
  expect(code).toBe(78);
  expect(output).toMatch(/cameras\.yard\.transport/);
  expect(output).toMatch(/smoke/);
  expect(output).not.toContain("wr0ng-secret");
});

test("passwords that every user of the machine may read are told", async () => {
  const camera = { url: "rtsp://u:hunter2@127.0.0.1/", enabled: false };
  expect((await check({ camera })).output).not.toContain("WARNING");
  await chmod(folder, 0o755);
  const { code, output } = await check({ camera });
  const file = join(folder, "nvr.json");
  expect(output).toContain(
    `WARNING: every user of this machine may read the passwords in ${file}: chmod o-rwx ${file}`,
  );
  expect(code).toBe(0);
});
