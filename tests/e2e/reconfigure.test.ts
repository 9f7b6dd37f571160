import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet, until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 500, gopFrames: 25, seconds: 10 };

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;

const system = async () => {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`);
  return ((await answer.json()) as { payload: { status: string; camera: Record<string, boolean> } }).payload;
};
const sessionsOf = async (camera: string) => {
  const events = await simulator.readEvents(camera);
  return events.filter(({ event }) => event === "session-start").length;
};
const configure = (cameras: Record<string, object>) =>
  fleet.configure({
    storage: { root: fleet.storageRoot },
    api: { port: Number(new URL(fleet.apiUrl).port) },
    health: { recorderPort: 0, converterPort: 0, reaperPort: 0 },
    cameras,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-reconfigure-"));
  redis = await startRedis();
  simulator = await startSimulator({ cameras: ["one", "two", "three"].map((id) => ({ id, clip: CLIP })) });
  fleet = await Fleet.prepare({ folder, redisUrl: redis.url, config: {} });
  await configure({ one: { url: simulator.url("one") }, two: { url: simulator.url("two") } });
  fleet.start("recorder", "api");
  await until("both cameras record", 30_000, async () => {
    const { camera } = await system().catch(() => ({ camera: {} as Record<string, boolean> }));
    return camera.one === true && camera.two === true;
  });
});

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a changed file takes effect without a restart, and cameras that it does not change are not disturbed", async () => {
  await configure({
    one: { url: simulator.url("one") },
    two: { url: simulator.url("two"), directory: join(folder, "elsewhere") },
    three: { url: simulator.url("three") },
  });
  await until("the added camera records, the moved one elsewhere", 30_000, async () => {
    const { camera } = await system();
    return camera.three === true && (await footage(join(folder, "elsewhere"), ".chunk")).length === 1;
  });
  await configure({ one: { url: simulator.url("one") }, two: { url: simulator.url("two"), enabled: false } });
  await until("only the first camera is left", 30_000, async () => {
    const { camera } = await system();
    return Object.keys(camera).join() === "one" && camera.one;
  });
  for (const top of [fleet.storageRoot, join(folder, "elsewhere")]) {
    for (const path of [top, ...(await readdir(top, { recursive: true })).map((name) => join(top, name))]) {
      const stats = await stat(path).catch(() => undefined); // temporary files are soon renamed
      if (stats !== undefined) expect(stats.mode & 0o777, path).toBe(stats.isDirectory() ? 0o750 : 0o640);
    }
  }
  expect(await sessionsOf("one")).toBe(1);
  expect(await sessionsOf("two")).toBe(2);
  expect(await sessionsOf("three")).toBe(1);
});

test("an invalid file is reported, and the old configuration stays in force", async () => {
  await configure({ one: { url: "http://not-a-camera/", transport: "carrier-pigeon" } });
  await until("the complaint", 20_000, async () => /cameras\.one\.transport/.test(fleet.log));
  expect(fleet.log).toMatch(/the old one stays in force/);
  expect((await system()).camera).toEqual({ one: true });
  expect(await sessionsOf("one")).toBe(1);
});

test("a configuration that is invalid at the start ends a service with code 78 and says what is wrong", async () => {
  const other = await Fleet.prepare({
    folder: join(folder, "other"),
    redisUrl: redis.url,
    config: { recorder: { stallTimeout: "soon" } },
  });
  other.start("recorder");
  expect(await other.ended("recorder")).toBe(78);
  expect(other.log).toMatch(/recorder\.stallTimeout.*soon/s);
});
