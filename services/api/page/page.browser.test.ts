import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ReverseProxy } from "../testing/reverse-proxy.ts";
import {
  clock,
  HOUR_MS,
  iso,
  MINUTE_MS,
  PageFixture,
  placeOf,
  screenshot,
  shows,
  token,
} from "./testing/page-fixture.ts";

/** The page as a viewer uses it: the overview, pointing, playing, keys, and an api that is away for a while. */

/** 13:00 in Berlin, yesterday: past midnight there and in UTC. */
const noonMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 12 * HOUR_MS;
const HOUR = { middleMs: noonMs, width: HOUR_MS };

let fixture: PageFixture;

beforeAll(async () => {
  fixture = await PageFixture.start(["front-door", "yard"]);
  // Two hours around noon; front-door has a gap of ten minutes from 12:10.
  for (let timeMs = noonMs - HOUR_MS; timeMs < noonMs + HOUR_MS; timeMs += MINUTE_MS) {
    fixture.writeMinute("yard", timeMs);
    if (timeMs < noonMs + 10 * MINUTE_MS || timeMs >= noonMs + 20 * MINUTE_MS)
      fixture.writeMinute("front-door", timeMs);
  }
}, 120_000);

afterEach(async () => {
  expect(await fixture.closePages()).toEqual([]);
});

afterAll(() => fixture?.close());

test("the overview shows every camera with its state and newest picture, and a new one as it comes", async () => {
  const page = await fixture.open("#/");
  await page.getByRole("heading", { name: "front-door" }).waitFor();
  await page.getByText("All well").waitFor();
  expect(await page.getByText(/^Recording for/).count()).toBe(2);
  const newest = page.locator(".card-picture img").first();
  await newest.waitFor();
  expect(await newest.getAttribute("src")).toContain(token(noonMs + HOUR_MS - MINUTE_MS));
  fixture.writeMinute("front-door", noonMs + HOUR_MS);
  await page.locator(`.card-picture img[src*="${token(noonMs + HOUR_MS)}"]`).waitFor();
});

test("a banner says what is wrong, since when, and what to do, and goes by itself when that is over", async () => {
  const page = await fixture.open("#/");
  await page.getByText("All well").waitFor();
  const banner = page.getByRole("region", { name: "What needs attention" });
  expect(await banner.count()).toBe(0);
  fixture.refused.add("yard");
  await banner.waitFor();
  const line = banner.getByRole("listitem");
  expect(await line.count()).toBe(1);
  const text = (await line.textContent()) ?? "";
  expect(text).toContain("yard: not recording (refused): 401 Unauthorized: check the user and password in its url");
  expect(text).toContain("./nvr check");
  expect(Date.parse((await line.locator("time").getAttribute("datetime")) ?? "")).toBeLessThan(
    Date.now() - HOUR_MS / 2,
  );
  await page.getByText("1 problem").waitFor();
  await screenshot(page, "health-banner");
  await page.setViewportSize({ width: 360, height: 740 });
  await screenshot(page, "health-banner-phone");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  fixture.refused.clear();
  await banner.waitFor({ state: "detached" });
  await page.getByText("All well").waitFor();
});

test("live pictures that are refused behind a proxy are told on the page, with what to set, until they are not", async () => {
  const proxy = await new ReverseProxy(fixture.api.port, { host: (_asked, upstream) => upstream }).start();
  const page = await fixture.open("#/");
  await page.goto(`http://127.0.0.1:${proxy.port}/`);
  await page.locator(".card").first().hover();
  const banner = page.getByRole("region", { name: "What needs attention" });
  const told = banner.getByText(`add "127.0.0.1:${proxy.port}" to api.hosts (NVR_API_HOSTS)`);
  await told.waitFor();
  expect(await page.getByText("All well").count()).toBe(0);
  expect(fixture.api.log.filter((line) => line.includes("api.hosts (NVR_API_HOSTS)"))).toHaveLength(1);
  const { api } = fixture.store.config.current;
  fixture.store.config.change({ api: { ...api, hosts: [`127.0.0.1:${proxy.port}`] } });
  await page.locator(".card").first().hover();
  await told.waitFor({ state: "detached" });
  fixture.store.config.change({ api });
  await page.context().close();
  await proxy.stop();
  fixture.complaints.length = 0; // removes those about refused connections
});

test("a proxy that passes no WebSockets on is told as such", async () => {
  const hosts = { host: (_asked: string, upstream: string) => upstream };
  const proxy = await new ReverseProxy(fixture.api.port, { ...hosts, dropsUpgrades: true }).start();
  const { api } = fixture.store.config.current;
  fixture.store.config.change({ api: { ...api, hosts: [`127.0.0.1:${proxy.port}`] } });
  const page = await fixture.open("#/");
  await page.goto(`http://127.0.0.1:${proxy.port}/`);
  const told: number[] = [];
  await page.route(/\/live\?origin=/, async (route) => {
    const refusals = page
      .getByRole("region", { name: "What needs attention" })
      .filter({ hasText: /live pictures|WebSocket/ });
    told.push(await refusals.count());
    if (told.length > 1) return route.continue();
    await route.fulfill({ status: 429, json: { detail: "This client has 256 requests under way." } });
  });
  await page.locator(".card").first().hover();
  await page.getByText("No WebSocket gets through to Hindsight").waitFor();
  expect(told.slice(0, 2), "an api that is busy refuses no page").toEqual([0, 0]);
  expect(fixture.api.log.filter((line) => line.includes("does not pass WebSockets on"))).toHaveLength(1);
  fixture.store.config.change({ api });
  await page.context().close();
  await proxy.stop();
  fixture.complaints.length = 0;
});

test("pointing at the timeline shows that minute's picture, and that there is none in a gap", async () => {
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS });
  const picture = await placeOf(page, noonMs - 5 * MINUTE_MS + 30_000, HOUR);
  await page.mouse.move(picture.x, picture.y);
  await page.locator('.hover-card:not([hidden]) .hover-picture[data-exact="true"]').waitFor();
  expect(await page.locator(".hover-time").textContent()).toContain(clock(noonMs - 5 * MINUTE_MS));
  const drawn = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".hover-picture canvas");
    const pixels = canvas?.getContext("2d")?.getImageData(0, 0, 320, 180).data ?? new Uint8ClampedArray();
    return new Set(pixels).size;
  });
  expect(drawn).toBeGreaterThan(50);
  const gap = await placeOf(page, noonMs + 15 * MINUTE_MS, HOUR);
  await page.mouse.move(gap.x, gap.y);
  await page.locator(".hover-note", { hasText: "no footage" }).waitFor();
});

test("a click plays from that moment, and on over the gap that follows", async () => {
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS });
  const { x, y } = await placeOf(page, noonMs + 9 * MINUTE_MS + 30_000, HOUR);
  await page.mouse.click(x, y);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  const first = await mediaTime(page);
  await expect.poll(() => mediaTime(page)).toBeGreaterThan(first + 0.5);
  await page.getByRole("button", { name: "16×" }).click();
  await page.locator(".stage .stage-time", { hasText: clock(noonMs + 20 * MINUTE_MS) }).waitFor({ timeout: 20_000 });
  await page.getByText("10 min without footage skipped").waitFor();
});

test("the keyboard alone moves by frame, minute, hour and day, zooms, and the URL holds it all", async () => {
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS });
  await page.keyboard.press("ArrowRight");
  await shows(page, noonMs + MINUTE_MS);
  await page.keyboard.press("Shift+ArrowLeft");
  await shows(page, noonMs - 59 * MINUTE_MS);
  const spoken = await page.getByRole("slider", { name: "Moment on show" }).getAttribute("aria-valuetext");
  expect(spoken).toContain(`${clock(noonMs - 59 * MINUTE_MS)}:00 CE`);
  expect(spoken).toMatch(/, front-door: footage$/);
  await page.keyboard.press("ArrowLeft");
  await shows(page, noonMs - 60 * MINUTE_MS);
  const before = await page.locator(".stage .stage-time").textContent();
  await page.keyboard.press(".");
  await expect.poll(() => page.locator(".stage .stage-time").textContent()).not.toBe(before);
  await page.keyboard.press("+");
  await expect.poll(() => page.url()).toContain("w=900");
  await expect.poll(() => page.url()).toContain(`t=${iso(noonMs - HOUR_MS).slice(0, 18)}`);
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  // There is no footage before: going to the previous day goes to the first footage, and the page says so.
  await page.keyboard.press("Escape");
  await page.keyboard.press("PageUp");
  await page.getByText(/No footage then: the next begins/).waitFor();
});

test("a frame is saved as JPEG, named for its time", async () => {
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save frame" }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(new RegExp(`^front-door\\.${token(noonMs)}00\\.\\d{3}\\.jpg$`));
  const bytes = readFileSync(await saved.path());
  expect([bytes[0], bytes[1]]).toEqual([0xff, 0xd8]);
});

test("on a phone nothing is wider than the screen, and a tap on the timeline plays", async () => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const overview = await fixture.open("#/", phone);
  await overview.getByRole("heading", { name: "yard" }).waitFor();
  expect(await overview.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS, cameras: "front-door,yard" }, phone);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  await page.touchscreen.tap(box.x + box.width / 4, box.y + 50);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await shows(page, noonMs - 15 * MINUTE_MS);
});

test("the page says when the api is away, and recovers by itself when it is back", async () => {
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS });
  await fixture.stopApi();
  await page.getByText(/No connection since/).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.getByText("Hindsight does not answer.").waitFor({ timeout: 20_000 });
  await screenshot(page, "offline");
  await fixture.restartApi();
  // A new api may report that these cameras have had no new footage since yesterday.
  await page.locator(".health", { hasText: /All well|warning/ }).waitFor({ timeout: 20_000 });
  await shows(page, noonMs + MINUTE_MS);
  // The browser logs an error for each request to the api while it is away.
  expect(fixture.complaints.splice(0).every((complaint) => complaint.includes("Failed to load resource"))).toBe(true);
});

test("what arrives while a view is being drawn is shown, however late the browser is with the rest", async () => {
  // Effects run after the next picture, as on a machine so busy that the answers arrive first.
  const page = await fixture.open("#/");
  await page.goto("about:blank");
  await page.addInitScript(() => {
    const { setTimeout } = window;
    window.requestAnimationFrame = (callback) => setTimeout(() => callback(performance.now()), 1000);
    window.setTimeout = ((callback: () => void, delayMs = 0) =>
      setTimeout(callback, delayMs + 1000)) as typeof window.setTimeout;
  });
  await page.goto(`${fixture.api.url}/#/watch/front-door,yard?t=${iso(noonMs)}&w=3600`);
  await page.locator(".stage video.shown").waitFor();
  await page.locator(".picture video.shown").waitFor();
});

test("a camera without footage says what will happen", async () => {
  const { store } = fixture;
  store.config.change({ cameras: new Map([...store.config.current.cameras, ["new", store.camera("new")]]) });
  const page = await fixture.open("#/watch/new");
  await page.getByText("No footage yet.").waitFor();
  await page.locator('[role="slider"][aria-valuetext$="new: no footage"]').waitFor();
  await page.goto(`${fixture.api.url}/#/`);
  await page.getByRole("heading", { name: "new" }).waitFor();
  await page.getByText(/1 problem/).waitFor();
});

function mediaTime(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector<HTMLVideoElement>(".stage video.shown")?.currentTime ?? Number.NaN);
}
