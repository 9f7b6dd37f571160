import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { readStoredFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until, within } from "../support/fleet.ts";
import { watchLive } from "../support/live-client.ts";
import { readLiveFrames, type SeenFrame } from "../support/live-page.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const SECRET = "l1ve/s3cret";
const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 800, gopFrames: 50, seconds: 40 };
const CAMERAS = ["plain", "b-frames", "long-gop"];

let folder: string;
let redis: TestRedis;
let spy: Redis;
let simulator: RunningSimulator;
let fleet: Fleet;
let browser: Browser;
const pages: Page[] = [];
/** Number of live view messages over Redis since it was last reset. */
let messages = 0;

/** One run of the fleet, which the tests check one after the other. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-live-"));
  redis = await startRedis();
  simulator = await startSimulator({
    cameras: [
      { id: "plain", clip: CLIP, auth: { user: "viewer", password: SECRET } },
      { id: "b-frames", clip: { ...CLIP, bFrames: 2 } },
      { id: "long-gop", clip: { ...CLIP, gopFrames: 500 } },
    ],
  });
  const urls = Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id) }]));
  const plain = { url: simulator.url("plain", { user: "viewer", password: SECRET }) };
  // No banner may appear and move the card away from under the mouse, which would end its live view.
  const health = { recorderPort: 0, converterPort: 0, reaperPort: 0, patience: "1h" };
  fleet = await Fleet.prepare({ folder, redisUrl: redis.url, config: { cameras: { ...urls, plain }, health } });
  if (!existsSync("dist/page/index.html")) throw new Error('the page was not built: run "npm run build" first');
  spy = new Redis(redis.url);
  spy.on("pmessage", () => {
    messages++;
  });
  await spy.psubscribe("hindsight:live:*");
  browser = await launchBrowser();
  fleet.start("recorder", "converter", "api");
  await until("all cameras recorded", 60_000, async () => {
    const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`).catch(() => undefined);
    if (answer === undefined) return false;
    const { payload } = (await answer.json()) as { payload: { camera: Record<string, boolean> } };
    return CAMERAS.every((id) => payload.camera[id] === true);
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  spy?.disconnect();
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The overview, with the mouse on the card of a camera. */
async function pointAt(camera: string, { withoutMse = false } = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  if (withoutMse) {
    await context.addInitScript(() => {
      for (const name of ["MediaSource", "ManagedMediaSource"]) Reflect.deleteProperty(globalThis, name);
    });
  }
  const page = await context.newPage();
  pages.push(page);
  await page.goto(fleet.apiUrl);
  await page.locator(".card", { hasText: camera }).hover();
  return page;
}

async function closePages(): Promise<void> {
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
}

/** The age of each frame when it was seen, by the capture time in the simulator's log. */
async function ages(camera: string, seen: readonly SeenFrame[]): Promise<number[]> {
  const sent = await simulator.readLog(camera);
  return seen.map(({ counter, atMs }) => {
    const frame = sent.findLast(({ clipIndex, sentAtUs }) => clipIndex === counter && sentAtUs / 1000 <= atMs);
    expect(frame, `frame ${counter} was sent before it was seen`).toBeDefined();
    return atMs - (frame?.captureTimeUs ?? 0) / 1000;
  });
}

function summary(values: readonly number[]): { median: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: Math.round(sorted[sorted.length >> 1] ?? 0), most: Math.round(sorted.at(-1) ?? 0) };
}

async function commandLines(): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    found.set(Number(pid), line.replaceAll("\0", " "));
  }
  return found;
}

/** Conversions to MPEG-1 that the api under test has started. */
async function conversions(): Promise<string[]> {
  const found: string[] = [];
  for (const [pid, line] of await commandLines()) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (line.includes("mpeg1video") && status.includes(`PPid:\t${fleet.pid("api")}\n`)) found.push(line);
  }
  return found;
}

async function sessions(camera: string): Promise<number> {
  return (await simulator.readEvents(camera)).filter(({ event }) => event === "session-start").length;
}

test("nothing is sent while nobody looks", async () => {
  await sleep(3000);
  expect(messages).toBe(0);
});

test.each(["plain", "b-frames", "long-gop"])(
  "%s plays in Chromium as the camera sends it, less than a second behind",
  async (camera) => {
    const beganMs = Date.now();
    const page = await pointAt(camera);
    const seen = await readLiveFrames(page, "video", 5);
    const all = await ages(camera, seen);
    const settled = summary(all.slice(-60));
    const startMs = (seen[0]?.atMs ?? 0) - beganMs;
    console.log(
      `live ${camera}: first frame after ${startMs} ms (page load included), then ${settled.median} ms behind, ${settled.most} at most`,
    );
    expect(seen.length).toBeGreaterThan(60);
    expect(settled.median).toBeLessThan(1000);
    // The viewer does not wait for the end of a GOP of 20 s.
    expect(startMs).toBeLessThan(8000);
    await closePages();
  },
);

test("recorders stop sending within 10 s of the last viewer", async () => {
  await within("silence", 10_000, async () => {
    messages = 0;
    await sleep(1500);
    return messages === 0;
  });
});

test("MPEG-1 plays where MSE cannot: one ffmpeg for all viewers, gone within 10 s of the last, no secret in sight", async () => {
  const page = await pointAt("plain", { withoutMse: true });
  await pointAt("plain", { withoutMse: true });
  const seen = await readLiveFrames(page, "canvas", 5);
  const settled = summary((await ages("plain", seen)).slice(-50));
  console.log(`live plain by MPEG-1: ${settled.median} ms behind, ${settled.most} at most, ${seen.length} frames seen`);
  expect(seen.length).toBeGreaterThan(40);
  expect(settled.median).toBeLessThan(1000);
  expect(await conversions()).toHaveLength(1);
  for (const line of (await commandLines()).values()) {
    if (line.includes("simulator")) continue; // the camera itself knows its password
    for (const form of [SECRET, encodeURIComponent(SECRET)]) expect(line.includes(form), line).toBe(false);
  }
  await closePages();
  await within("no ffmpeg", 10_000, async () => (await conversions()).length === 0);
});

test("before a camera's footage, Live shows what it sees now; a hidden tab asks for nothing, and a move in time ends it", async () => {
  const page = await (await browser.newContext()).newPage();
  pages.push(page);
  const sockets: { isClosed(): boolean }[] = [];
  page.on("websocket", (socket) => sockets.push(socket));
  await page.goto(`${fleet.apiUrl}/#/watch/plain`);
  await page.getByRole("button", { name: "Live", exact: true }).click();
  expect((await readLiveFrames(page, "video", 3)).length).toBeGreaterThan(30);
  const setHidden = (hidden: boolean) =>
    page.evaluate((value) => {
      // biome-ignore lint/suspicious/noExplicitAny: the page's globals are not among the types of a Node program
      const { document, Event } = globalThis as any;
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await setHidden(true);
  await until("the socket of a hidden tab to be closed", 3000, async () =>
    sockets.every((socket) => socket.isClosed()),
  );
  await setHidden(false);
  expect((await readLiveFrames(page, "video", 3)).length).toBeGreaterThan(30);
  await page.keyboard.press("ArrowLeft");
  await page.locator(".live").waitFor({ state: "detached" });
  await until("the socket to be closed", 3000, async () => sockets.every((socket) => socket.isClosed()));
  await closePages();
});

test("a viewer that stops reading, and a Redis that freezes, disturb nobody", async () => {
  const stuck = await watchLive(fleet.apiUrl, "plain");
  stuck.socket.pause();
  const page = await pointAt("plain");
  expect((await readLiveFrames(page, "video", 5)).length).toBeGreaterThan(60);
  redis.freeze();
  await sleep(3000);
  redis.thaw();
  await until("the picture to be lively again", 20_000, async () => {
    const after = await readLiveFrames(page, "video", 2);
    return after.length > 20 && summary((await ages("plain", after)).slice(-20)).median < 1500;
  });
  stuck.socket.terminate();
  await closePages();
});

test("each camera saw one connection, and every frame it sent was recorded once", async () => {
  for (const camera of CAMERAS) expect(await sessions(camera), camera).toBe(1);
  const stoppedUs = Date.now() * 1000;
  await fleet.end("recorder");
  await fleet.end("converter");
  for (const camera of CAMERAS) {
    const recorded = await readStoredFrames(join(fleet.storageRoot, camera));
    expectUnbrokenRun(camera, recorded, await simulator.readLog(camera), stoppedUs - 1_000_000);
  }
}, 120_000);

test("the picture comes back by itself after kill -9 of the recorder, and of the api", async () => {
  fleet.start("recorder");
  const page = await pointAt("plain");
  await until("a picture", 30_000, async () => (await readLiveFrames(page, "video", 2)).length > 10);
  for (const service of ["recorder", "api"] as const) {
    await fleet.end(service, "SIGKILL");
    await sleep(1000);
    fleet.start(service);
    await until(`a lively picture after kill -9 of the ${service}`, 30_000, async () => {
      const seen = await readLiveFrames(page, "video", 2);
      return seen.length > 20 && summary((await ages("plain", seen)).slice(-20)).median < 1500;
    });
  }
  await closePages();
  expect(fleet.log.split("\n").filter((line) => / error /.test(line))).toEqual([]);
  expect(fleet.log.includes(SECRET)).toBe(false);
}, 90_000);
