import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ReaperConfig } from "../../../shared/config/config.ts";
import type { CameraStatus } from "../../../shared/status/camera-status.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { minuteAt } from "../../../shared/time/minute.ts";
import type { LiveSource } from "../health/system-monitor.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { StoreFixture } from "../testing/store-fixture.ts";

/** The page as a viewer has it: the built page, the real api, a real Chromium, and a day of footage on disk. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** 13:00 in Berlin, yesterday: past midnight there and in UTC. */
const noonMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 12 * HOUR_MS;
const token = (timeMs: number) => minuteAt(timeMs * 1000);
const iso = (timeMs: number) => new Date(timeMs).toISOString();

let store: StoreFixture;
let api: ApiFixture;
let browser: Browser;
let video: Buffer;
let picture: Buffer;
const pages: Page[] = [];
/** Cameras that are refused, beside those that record. */
const refused = new Set<string>();
/** What the pages complained about: scripts that failed, and what the security policy forbade. */
const complaints: string[] = [];

beforeAll(async () => {
  store = new StoreFixture({ "front-door": {}, yard: {} });
  const [videoFile, pictureFile] = [join(store.root, "minute.mp4"), join(store.root, "picture.jpg")];
  const source = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=60"];
  execFileSync("ffmpeg", [
    ...source,
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-g",
    "20",
    "-movflags",
    "+faststart",
    videoFile,
  ]);
  execFileSync("ffmpeg", [...source, "-frames:v", "1", pictureFile]);
  video = readFileSync(videoFile);
  picture = readFileSync(pictureFile);
  // Two hours around noon; front-door has a gap of ten minutes from 12:10 on.
  for (let timeMs = noonMs - HOUR_MS; timeMs < noonMs + HOUR_MS; timeMs += MINUTE_MS) {
    writeMinute("yard", timeMs);
    if (timeMs < noonMs + 10 * MINUTE_MS || timeMs >= noonMs + 20 * MINUTE_MS) writeMinute("front-door", timeMs);
  }
  const outDir = join(store.root, "page");
  await build({
    configFile: join(import.meta.dirname, "vite.config.ts"),
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  });
  // Whatever the disk of this machine holds, no warning of it.
  store.config.change({ reaper: { minFreePercent: 0 } as ReaperConfig });
  api = await new ApiFixture(store, { live: recording("front-door", "yard"), watchesHealth: true }).start();
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}, 120_000);

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await api?.stop();
  store?.remove();
});

test("the overview shows every camera with its state and newest picture, and a new one as it comes", async () => {
  const page = await open("#/");
  await page.getByRole("heading", { name: "front-door" }).waitFor();
  await page.getByText("All well").waitFor();
  expect(await page.getByText(/^Recording for/).count()).toBe(2);
  const newest = page.locator(".card-picture img").first();
  await newest.waitFor();
  expect(await newest.getAttribute("src")).toContain(token(noonMs + HOUR_MS - MINUTE_MS));
  writeMinute("front-door", noonMs + HOUR_MS);
  await page.locator(`.card-picture img[src*="${token(noonMs + HOUR_MS)}"]`).waitFor();
});

test("a banner says what is wrong, since when, and what to do, and goes by itself when that is over", async () => {
  const page = await open("#/");
  await page.getByText("All well").waitFor();
  const banner = page.getByRole("region", { name: "What needs attention" });
  expect(await banner.count()).toBe(0);
  refused.add("yard");
  await banner.waitFor();
  const line = banner.getByRole("listitem");
  expect(await line.count()).toBe(1);
  const text = (await line.textContent()) ?? "";
  expect(text).toContain("yard: not recording (refused): 401 Unauthorized: check the user and password in its url");
  expect(text).toContain("./nvr check");
  expect(await line.locator("time").getAttribute("datetime")).toBe(iso(noonMs));
  await page.getByText("1 problem").waitFor();
  await screenshot(page, "health-banner");
  await page.setViewportSize({ width: 360, height: 740 });
  await screenshot(page, "health-banner-phone");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  refused.clear();
  await banner.waitFor({ state: "detached" });
  await page.getByText("All well").waitFor();
});

test("pointing at the timeline shows that minute's picture, and that there is none in a gap", async () => {
  const page = await watch({ at: noonMs, width: HOUR_MS });
  await pointAt(page, noonMs - 5 * MINUTE_MS + 30_000, noonMs, HOUR_MS);
  await page.locator('.hover-card:not([hidden]) .hover-picture[data-exact="true"]').waitFor();
  expect(await page.locator(".hover-time").textContent()).toContain(clock(noonMs - 5 * MINUTE_MS));
  const drawn = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".hover-picture canvas");
    const pixels = canvas?.getContext("2d")?.getImageData(0, 0, 320, 180).data ?? new Uint8ClampedArray();
    return new Set(pixels).size;
  });
  expect(drawn).toBeGreaterThan(50);
  await pointAt(page, noonMs + 15 * MINUTE_MS, noonMs, HOUR_MS);
  await page.locator(".hover-note", { hasText: "no footage" }).waitFor();
});

test("a click plays from that moment, and on over the gap that follows", async () => {
  const page = await watch({ at: noonMs, width: HOUR_MS });
  await pointAt(page, noonMs + 9 * MINUTE_MS + 30_000, noonMs, HOUR_MS, "click");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  const first = await mediaTime(page);
  await expect.poll(() => mediaTime(page)).toBeGreaterThan(first + 0.5);
  await page.getByRole("button", { name: "16×" }).click();
  await page.locator(".stage-time", { hasText: clock(noonMs + 20 * MINUTE_MS) }).waitFor({ timeout: 20_000 });
  await page.getByText("10 min without footage skipped").waitFor();
});

test("a range is marked and taken away: whole minutes, gaps told, one link for each camera", async () => {
  const page = await watch({ at: noonMs + 5 * MINUTE_MS, width: HOUR_MS, cameras: "front-door,yard" });
  await page.keyboard.press("i");
  await page.getByLabel("Go to a date and time").fill(clock(noonMs + 24 * MINUTE_MS));
  await page.keyboard.press("Enter");
  await shows(page, noonMs + 24 * MINUTE_MS);
  await page.keyboard.press("o");
  const link = page.getByRole("link", { name: /front-door .*10 min, .*10 min of gaps left out/ });
  const range = `${token(noonMs + 5 * MINUTE_MS)}.to.${token(noonMs + 24 * MINUTE_MS)}`;
  expect(await link.getAttribute("href")).toBe(`/api/1/camera/front-door.range.${range}.mp4`);
  expect(await page.getByRole("link", { name: /yard .*20 min/ }).getAttribute("href")).toContain(`yard.range.${range}`);
  await expect
    .poll(() => page.url())
    .toContain(`in=${iso(noonMs + 5 * MINUTE_MS)}&out=${iso(noonMs + 25 * MINUTE_MS)}`);
  await page.keyboard.press("Escape");
  const minute = page.getByRole("link", { name: /This minute/ });
  const path = (await minute.getAttribute("href")) ?? "";
  expect(path).toBe(`/api/1/camera/front-door.preview.${token(noonMs + 24 * MINUTE_MS)}.mp4`);
  expect((await api.get(path)).body.equals(video)).toBe(true);
});

test("the keyboard alone moves by frame, minute, hour and day, zooms, and the URL holds it all", async () => {
  const page = await watch({ at: noonMs, width: HOUR_MS });
  await page.keyboard.press("ArrowRight");
  await shows(page, noonMs + MINUTE_MS);
  await page.keyboard.press("Shift+ArrowLeft");
  await shows(page, noonMs - 59 * MINUTE_MS);
  await page.keyboard.press("ArrowLeft");
  await shows(page, noonMs - 60 * MINUTE_MS);
  const before = await page.locator(".stage-time").textContent();
  await page.keyboard.press(".");
  await expect.poll(() => page.locator(".stage-time").textContent()).not.toBe(before);
  await page.keyboard.press("+");
  await expect.poll(() => page.url()).toContain("w=900");
  await expect.poll(() => page.url()).toContain(`t=${iso(noonMs - HOUR_MS).slice(0, 18)}`);
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  // Nothing before: the day before goes to the first footage there is, and says so.
  await page.keyboard.press("Escape");
  await page.keyboard.press("PageUp");
  await page.getByText(/No footage then: the next begins/).waitFor();
});

test("a frame is saved as JPEG, named for its time", async () => {
  const page = await watch({ at: noonMs, width: HOUR_MS });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save frame" }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(new RegExp(`^front-door\\.${token(noonMs)}00\\.\\d{3}\\.jpg$`));
  const bytes = readFileSync(await saved.path());
  expect([bytes[0], bytes[1]]).toEqual([0xff, 0xd8]);
});

test("on a phone nothing is wider than the screen, and a tap on the timeline plays", async () => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const overview = await open("#/", phone);
  await overview.getByRole("heading", { name: "yard" }).waitFor();
  expect(await overview.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const page = await watch({ at: noonMs, width: HOUR_MS, cameras: "front-door,yard" }, phone);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  await page.touchscreen.tap(box.x + box.width / 4, box.y + 50);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await shows(page, noonMs - 15 * MINUTE_MS);
});

test("the page says when the api is away, and recovers by itself when it is back", async () => {
  const page = await watch({ at: noonMs, width: HOUR_MS });
  const { port } = api;
  await api.stop();
  await page.getByText(/No connection since/).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.getByText("Hindsight does not answer.").waitFor({ timeout: 20_000 });
  api = new ApiFixture(store, { live: recording("front-door", "yard"), watchesHealth: true });
  api.port = await api.server.listen("127.0.0.1", port);
  await page.getByText("All well").waitFor({ timeout: 20_000 });
  await shows(page, noonMs + MINUTE_MS);
  // Requests to an api that is away fail, and the browser says so.
  expect(complaints.splice(0).every((complaint) => complaint.includes("Failed to load resource"))).toBe(true);
});

test("a camera without footage says what will happen", async () => {
  store.config.change({ cameras: new Map([...store.config.current.cameras, ["new", store.camera("new")]]) });
  const page = await open("#/watch/new");
  await page.getByText("No footage yet.").waitFor();
  await page.goto(`${api.url}/#/`);
  await page.getByRole("heading", { name: "new" }).waitFor();
  await page.getByText(/1 problem/).waitFor();
});

function writeMinute(camera: string, timeMs: number): void {
  const directory = store.directory(camera);
  store.write(minutePath(directory, camera, token(timeMs), "preview"), picture);
  store.write(minutePath(directory, camera, token(timeMs), "thumbnail"), picture);
  store.write(minutePath(directory, camera, token(timeMs), "mp4"), video);
}

function recording(...cameras: string[]): LiveSource {
  const statusOf = (camera: string): CameraStatus => ({
    camera,
    recorder: "test",
    ...(refused.has(camera)
      ? { state: "refused", problem: "401 Unauthorized: check the user and password in its url" }
      : { state: "recording" }),
    since: iso(noonMs),
    codec: "avc1.64001f",
    width: 320,
    height: 180,
    framesPerSecond: 10,
    bitsPerSecond: 250_000,
    frames: 1,
    bytes: 1,
    damagedFrames: 0,
    droppedFrames: 0,
    lostPackets: 0,
    sessions: 1,
    reconnects: 0,
  });
  return {
    findTrouble: async () => undefined,
    readCameras: async () => cameras.map(statusOf),
    readServices: async () =>
      (["recorder", "converter", "reaper"] as const).map((service) => ({
        service,
        instance: "test",
        startedAt: iso(noonMs),
        problems: [],
      })),
    readBacklog: async () => ({ waiting: 0, active: 0, failed: 0 }),
  };
}

async function open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  pages.push(page);
  await page.goto(`${api.url}/${hash}`);
  return page;
}

/** Kept in tests/output, to be looked at. */
async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, "..", "..", "..", "tests", "output", `${name}.png`) });
}

/** Opens the footage at a moment, which stands in the middle of the timeline, and waits for its frame. */
async function watch(
  { at, width, cameras = "front-door" }: { at: number; width: number; cameras?: string },
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await open(`#/watch/${cameras}?t=${iso(at)}&w=${width / 1000}`, options);
  await shows(page, at);
  return page;
}

async function shows(page: Page, timeMs: number): Promise<void> {
  await page.locator("video.shown").waitFor();
  await page.locator(".stage-time", { hasText: clock(timeMs) }).waitFor();
  await expect.poll(() => page.locator(".stage-line").filter({ hasText: "Loading" }).count()).toBe(0);
}

async function pointAt(page: Page, timeMs: number, middleMs: number, width: number, action?: "click"): Promise<void> {
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  const x = box.x + box.width * ((timeMs - middleMs) / width + 0.5);
  await page.mouse.move(x, box.y + 60);
  if (action === "click") await page.mouse.click(x, box.y + 60);
}

function mediaTime(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector<HTMLVideoElement>("video.shown")?.currentTime ?? Number.NaN);
}

/** `14:33` in Berlin. */
function clock(timeMs: number): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeStyle: "short" }).format(timeMs);
}
