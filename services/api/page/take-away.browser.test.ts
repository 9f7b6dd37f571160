import { execFileSync } from "node:child_process";
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeClip } from "../../../tests/support/chunk-maker.ts";
import { MinuteMaker } from "../../../tests/support/minute-maker.ts";
import {
  clock,
  HOUR_MS,
  iso,
  MINUTE_MS,
  PageFixture,
  placeOf,
  SECOND_MS,
  screenshot,
  shows,
} from "./testing/page-fixture.ts";

/** Marks a range to the second and downloads it; ffprobe decodes the result and counts its frames. */

const noonMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 12 * HOUR_MS;
const FRAMES_PER_SECOND = 10;
/** Ten minutes wide: a pixel is half a second. */
const VIEW = { middleMs: noonMs, width: 10 * MINUTE_MS };

let fixture: PageFixture;

beforeAll(async () => {
  fixture = await PageFixture.start(["front-door", "yard", "changed"]);
  for (let timeMs = noonMs - 5 * MINUTE_MS; timeMs < noonMs + 5 * MINUTE_MS; timeMs += MINUTE_MS) {
    fixture.writeMinute("front-door", timeMs);
    if (timeMs < noonMs || timeMs >= noonMs + 2 * MINUTE_MS) fixture.writeMinute("yard", timeMs);
  }
  const clip = await makeClip({ frames: 600, framesPerSecond: FRAMES_PER_SECOND, gop: 20, bitsPerSecond: 100_000 });
  const maker = new MinuteMaker(clip, FRAMES_PER_SECOND);
  fixture.writeMinute("changed", noonMs - MINUTE_MS, maker.file((noonMs - MINUTE_MS) * 1000));
  fixture.writeMinute("changed", noonMs, asH265(maker.file(noonMs * 1000)));
}, 120_000);

afterEach(async () => {
  expect(await fixture.closePages()).toEqual([]);
});

afterAll(() => fixture?.close());

/** Turns an mp4 into what a converter would write for H.265. */
function asH265(mp4: Buffer): Buffer {
  mp4.write("hvc1", mp4.lastIndexOf("avc1", mp4.indexOf("avcC")), "latin1");
  mp4.write("hvcC", mp4.indexOf("avcC"), "latin1");
  return mp4;
}

/** Presses a download link and returns what ffprobe finds in the file. */
async function takeAway(page: Page, press: () => Promise<void>) {
  const coming = page.waitForEvent("download");
  await press();
  const download = await coming;
  const path = await download.path();
  const entries = ["-count_frames", "-show_entries", "stream=nb_read_frames:format=size"];
  const found = JSON.parse(execFileSync("ffprobe", ["-v", "error", ...entries, "-of", "json", path]).toString());
  return {
    name: download.suggestedFilename(),
    frames: Number(found.streams[0].nb_read_frames),
    bytes: Number(found.format.size),
  };
}

function linkOf(page: Page, camera: string): Locator {
  return page.getByRole("region", { name: "Download" }).getByRole("link", { name: camera });
}

async function drag(page: Page, fromMs: number, toMs: number): Promise<void> {
  const from = await placeOf(page, fromMs, VIEW);
  const to = await placeOf(page, toMs, VIEW);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, from.y);
  await page.mouse.move(to.x, to.y);
}

test("handles dragged with the mouse mark to the second; size, length and gaps are told, and the mp4 is exactly that", async () => {
  const marks = `&in=${iso(noonMs - 2 * MINUTE_MS)}&out=${iso(noonMs + 2 * MINUTE_MS)}`;
  const page = await fixture.watch({ at: noonMs, width: VIEW.width, cameras: "front-door,yard", more: marks });
  await drag(page, noonMs - 2 * MINUTE_MS, noonMs - 73 * SECOND_MS);
  await screenshot(page, "dragging-a-mark");
  await page.mouse.up();
  await drag(page, noonMs + 2 * MINUTE_MS, noonMs + 12 * SECOND_MS);
  await page.mouse.up();
  await expect
    .poll(() => page.url())
    .toMatch(new RegExp(`in=${iso(noonMs - 73 * SECOND_MS)}&out=${iso(noonMs + 12 * SECOND_MS)}`));
  await page.getByText("1 min 25 s", { exact: true }).waitFor();
  const front = linkOf(page, "front-door");
  await front.and(page.locator("[data-exact]")).waitFor();
  const told = await front.textContent();
  await linkOf(page, "yard").filter({ hasText: "1 min 13 s" }).filter({ hasText: "12 s of gaps left out" }).waitFor();
  await screenshot(page, "range-marked");
  const taken = await takeAway(page, () => front.click());
  expect(taken.frames).toBe(85 * FRAMES_PER_SECOND);
  expect(taken.name).toMatch(/^front-door.*\.mp4$/);
  const size = `${Math.round(taken.bytes / 1000)} kB`;
  expect(told).toContain(taken.bytes < 999_500 ? size : `${(taken.bytes / 1e6).toFixed(1)} MB`);
  const zip = page.waitForEvent("download");
  await page.getByRole("link", { name: "All in a zip" }).click();
  const listed = execFileSync("python3", ["-m", "zipfile", "--list", await (await zip).path()]).toString();
  expect(listed.match(/(front-door|yard)\S*\.mp4/g)?.length).toBe(2);
  // The displayed frame is the last of the range.
  await page.locator(".stage .stage-time", { hasText: `${clock(noonMs)}:11.9` }).waitFor();
});

test("on a phone the handles are dragged with a finger, which does not move the timeline", async () => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const marks = `&in=${iso(noonMs - 2 * MINUTE_MS)}&out=${iso(noonMs + 2 * MINUTE_MS)}`;
  const page = await fixture.watch({ at: noonMs, width: VIEW.width, more: marks }, phone);
  const touch = await page.context().newCDPSession(page);
  const from = await placeOf(page, noonMs - 2 * MINUTE_MS, VIEW);
  const to = await placeOf(page, noonMs - MINUTE_MS, VIEW);
  const point = (x: number) => ({ type: "touchMove" as const, touchPoints: [{ x, y: from.y }] });
  await touch.send("Input.dispatchTouchEvent", { ...point(from.x - 4), type: "touchStart" });
  for (let i = 1; i <= 5; i++) await touch.send("Input.dispatchTouchEvent", point(from.x + ((to.x - from.x) * i) / 5));
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  // A pixel is 1.7 s there: the mark snaps to a full second near the finger.
  await expect
    .poll(() => Math.abs(Date.parse(/in=([^&]+)/.exec(page.url())?.[1] ?? "") - (noonMs - MINUTE_MS)))
    .toBeLessThanOrEqual(3 * SECOND_MS);
  expect(page.url()).toContain(`w=${VIEW.width / 1000}`);
  await page.getByRole("link", { name: /front-door/ }).waitFor();
  await page.locator(".take-away").scrollIntoViewIfNeeded();
  await screenshot(page, "range-marked-phone");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test("by keyboard alone a moment is found, marked, moved by seconds, and taken away", async () => {
  const page = await fixture.open("#/");
  await page.getByRole("heading", { name: "front-door" }).waitFor();
  await tabTo(page, "Footage of front-door");
  await page.keyboard.press("Enter");
  await page.locator(".stage video.shown").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.type(`${isoDay(noonMs)} ${clock(noonMs - MINUTE_MS)}:30`);
  await page.keyboard.press("Enter");
  await shows(page, noonMs - MINUTE_MS);
  await page.keyboard.press("i");
  await page.keyboard.press("ArrowRight");
  await page.locator(".stage .stage-time", { hasText: `${clock(noonMs)}:30` }).waitFor();
  await page.keyboard.press("o");
  await tabTo(page, "End of what is downloaded");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.locator(".stage .stage-time", { hasText: `${clock(noonMs)}:19.9` }).waitFor();
  await screenshot(page, "keyboard-on-a-mark");
  await tabTo(page, /^\s*front-door/);
  const taken = await takeAway(page, () => page.keyboard.press("Enter"));
  // From 30 s before noon to 20 s after it.
  expect(taken.frames).toBe(50 * FRAMES_PER_SECOND);
});

test("where the codec changes within the range, the ranges that can be had are links", async () => {
  const marks = `&in=${iso(noonMs - 30 * SECOND_MS)}&out=${iso(noonMs + 30 * SECOND_MS)}`;
  const page = await fixture.watch({ at: noonMs - MINUTE_MS, width: VIEW.width, cameras: "changed", more: marks });
  await page.getByText("changed changed its codec in it").waitFor();
  const links = page.locator(".take-split").getByRole("link");
  await page.getByText(/H\.265 .*minute by minute only/).waitFor();
  await screenshot(page, "codec-change");
  const taken = await takeAway(page, () => links.click());
  expect(taken.frames).toBe(30 * FRAMES_PER_SECOND);
  // The browser logs an error because the first request is answered 409.
  expect(fixture.complaints.splice(0).every((complaint) => complaint.includes("409"))).toBe(true);
});

test("what a range will be is told also when the api did not answer at first", async () => {
  const page = await fixture.open("#/");
  const asked: string[] = [];
  await page.route("**/range.mp4?*", (route) => {
    asked.push(route.request().method());
    if (asked.length === 1) return route.abort();
    return asked.length === 2 ? route.fulfill({ status: 503 }) : route.continue();
  });
  const marks = `&in=${iso(noonMs - 30 * SECOND_MS)}&out=${iso(noonMs + 30 * SECOND_MS)}`;
  await page.evaluate((hash) => (window.location.hash = hash), `#/watch/front-door?t=${iso(noonMs)}&w=600${marks}`);
  await page.getByText("front-door: no answer").waitFor();
  await page.locator("a[data-exact]").waitFor();
  // The GET that asks what was wrong is answered with the video.
  expect(asked).toEqual(["HEAD", "HEAD", "GET"]);
  expect(fixture.complaints.splice(0).every((complaint) => complaint.includes("Failed to load resource"))).toBe(true);
});

test("the link to a moment is copied, and shows whoever opens it the same", async () => {
  const page = await fixture.watch({ at: noonMs + 5 * SECOND_MS, width: VIEW.width, cameras: "front-door,yard" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("The link to this moment was copied.").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await fixture.open(link.slice(link.indexOf("#")));
  await other.locator(".stage .stage-time", { hasText: `${clock(noonMs)}:05.00` }).waitFor();
  expect(new URL(link).hash).toContain(`#/watch/front-door,yard?t=${iso(noonMs + 5 * SECOND_MS)}&w=600`);
});

/** Presses Tab until the focused element has this name. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const wanted = typeof name === "string" ? new RegExp(`^${name}$`) : name;
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "";
    });
    if (wanted.test(focused)) return;
  }
  throw new Error(`Tab does not lead to ${name}`);
}

function isoDay(timeMs: number): string {
  return iso(timeMs).slice(0, 10);
}
