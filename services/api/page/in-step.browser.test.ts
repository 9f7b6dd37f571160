import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeCountedClip } from "../../../tests/support/counted-clip.ts";
import { MinuteMaker } from "../../../tests/support/minute-maker.ts";
import { readCounters, watchCounters } from "./testing/counters.ts";
import { clock, HOUR_MS, MINUTE_MS, PageFixture, screenshot, shows } from "./testing/page-fixture.ts";

/** Playback, checked by the numbers in the pictures: across minutes and gaps, and with several cameras in step. */

const noonMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 12 * HOUR_MS;
const FRAME_MS = 100;
const FRAMES_A_MINUTE = 600;
/** How long after the clock's minute each minute of the yard's camera begins. */
const YARD_LATE_MS = 350;
const STAGE = ".stage video.shown";
const FOLLOWER = ".picture video.shown";

let fixture: PageFixture;

beforeAll(async () => {
  fixture = await PageFixture.start(["front-door", "yard"]);
  const clip = await makeCountedClip({ frames: 3 * FRAMES_A_MINUTE, countFrom: 0, gop: 20 });
  for (let minute = 0; minute < 3; minute++) {
    const units = clip.slice(minute * FRAMES_A_MINUTE, (minute + 1) * FRAMES_A_MINUTE);
    const maker = new MinuteMaker(units, 1000 / FRAME_MS);
    const timeMs = noonMs + minute * MINUTE_MS;
    // A gap of five minutes before the third minute.
    const frontMs = minute < 2 ? timeMs : timeMs + 5 * MINUTE_MS;
    fixture.writeMinute("front-door", frontMs, maker.file(frontMs * 1000));
    if (minute < 2) fixture.writeMinute("yard", timeMs, maker.file((timeMs + YARD_LATE_MS) * 1000));
  }
}, 120_000);

afterEach(async () => {
  expect(await fixture.closePages()).toEqual([]);
});

afterAll(() => fixture?.close());

const frontMs = (count: number) => count * FRAME_MS;
const yardMs = (count: number) => YARD_LATE_MS + count * FRAME_MS;

/** How far apart the two pictures are at this instant, in ms of capture time. */
async function apartMs(page: Page): Promise<number> {
  const [front, yard] = await readCounters(page, `${STAGE}, ${FOLLOWER}`);
  if (front === undefined || yard === undefined) throw new Error("not two pictures");
  return frontMs(front) - yardMs(yard);
}

/** How far each displayed clock is from the time of its picture, in ms. */
async function clocksOff(page: Page): Promise<number[]> {
  const [front = Number.NaN, yard = Number.NaN] = await readCounters(page, `${STAGE}, ${FOLLOWER}`);
  const clocks = await page.locator(".stage-time").allTextContents();
  return [frontMs(front), yardMs(yard)].map((sinceNoonMs, i) => {
    const [, minute, second] = /:(\d\d):(\d\d\.\d\d)/.exec(clocks[i] ?? "") ?? [];
    return Math.round(Number(minute) * MINUTE_MS + Number(second) * 1000 - sinceNoonMs);
  });
}

test("playing goes over a minute's end without leaving out or repeating a picture, and on over a gap", async () => {
  const page = await fixture.watch({ at: noonMs + MINUTE_MS - 2000, width: HOUR_MS });
  await page.keyboard.press("Space");
  const numbers = await watchCounters(page, STAGE, 5);
  expect(numbers[0]).toBeLessThan(FRAMES_A_MINUTE);
  expect(numbers.at(-1)).toBeGreaterThan(FRAMES_A_MINUTE + 10);
  const steps = numbers.slice(1).map((number, i) => number - (numbers[i] as number));
  expect(Math.min(...steps)).toBe(1);
  // A busy machine may show only every second picture for a moment; losing more would leave a larger step.
  expect(Math.max(...steps)).toBeLessThanOrEqual(3);
  await page.getByLabel("Go to a date and time").fill(`${clock(noonMs + MINUTE_MS)}:58`);
  await page.keyboard.press("Enter");
  await page.locator(".stage .stage-time", { hasText: `${clock(noonMs + MINUTE_MS)}:58` }).waitFor();
  const over = await watchCounters(page, STAGE, 4);
  expect(over.filter((number) => number < 2 * FRAMES_A_MINUTE).length).toBeGreaterThan(5);
  expect(over.at(-1)).toBeGreaterThan(2 * FRAMES_A_MINUTE);
  await page.getByText("5 min without footage skipped").waitFor();
});

test("two cameras play in step, each with its own time; one that drifts is led back gently", async () => {
  const page = await fixture.watch({ at: noonMs + MINUTE_MS - 3000, width: HOUR_MS, cameras: "front-door,yard" });
  await page.locator(FOLLOWER).waitFor();
  await expect.poll(() => apartMs(page)).toBeLessThanOrEqual(2 * FRAME_MS);
  await page.keyboard.press("Space");
  await page.waitForTimeout(1000);
  const apart: number[] = [];
  // Across both cameras' minute boundaries, which are at different times.
  for (let i = 0; i < 20; i++) {
    apart.push(await apartMs(page));
    await page.waitForTimeout(150);
  }
  expect(apart.filter((ms) => Math.abs(ms) > 2 * FRAME_MS)).toEqual([]);
  const times = await page.locator(".stage-time").allTextContents();
  expect(times.every((time) => time.startsWith(clock(noonMs + MINUTE_MS)))).toBe(true);
  await screenshot(page, "in-step");

  // When it is put a quarter of a second ahead, it plays slower until it is in step again, without a jump.
  const rates = await page.evaluate(async () => {
    const video = document.querySelector<HTMLVideoElement>(".picture video.shown");
    if (video === null) throw new Error("no follower");
    let jumps = 0;
    const rates: number[] = [];
    video.currentTime += 0.25;
    await new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.addEventListener("seeking", () => jumps++);
    for (let i = 0; i < 25; i++) {
      rates.push(video.playbackRate);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { jumps, slowest: Math.min(...rates), last: rates.at(-1) as number };
  });
  expect(rates.jumps).toBe(0);
  expect(rates.slowest).toBeLessThan(0.95);
  expect(rates.last).toBeGreaterThan(0.95);
  expect(Math.abs(await apartMs(page))).toBeLessThanOrEqual(2 * FRAME_MS);
});

test("paused and stepped by frame, minute and typed time, the others show the same moment, or that there is none", async () => {
  const page = await fixture.watch({ at: noonMs + 30_000, width: HOUR_MS, cameras: "front-door,yard" });
  await page.locator(FOLLOWER).waitFor();
  for (const key of [".", ".", "ArrowRight", ","]) {
    await page.keyboard.press(key);
    await page.waitForTimeout(300);
    await expect.poll(async () => Math.abs(await apartMs(page)), { message: key }).toBeLessThanOrEqual(FRAME_MS);
    await expect.poll(() => clocksOff(page), { message: key }).toEqual([0, 0]);
  }
  // Simulates a busy machine, where the browser's picture is behind its own `currentTime`.
  await page.locator(STAGE).evaluate((video: HTMLVideoElement) => {
    const time = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime") as PropertyDescriptor;
    Object.defineProperty(video, "currentTime", {
      ...time,
      get: () => time.get?.call(video) + 0.7,
      configurable: true,
    });
  });
  await page.waitForTimeout(500);
  expect(Math.abs(await apartMs(page))).toBeLessThanOrEqual(FRAME_MS);
  await page.locator(STAGE).evaluate((video) => Reflect.deleteProperty(video, "currentTime"));
  // When the leading camera has a gap, the page names that camera.
  await page.getByLabel("Go to a date and time").fill(`${clock(noonMs + MINUTE_MS)}:58`);
  await page.keyboard.press("Enter");
  await shows(page, noonMs + MINUTE_MS);
  await page.keyboard.press("Space");
  await page.getByText("5 min without footage of front-door skipped, for all").waitFor();
  await page.keyboard.press("Space");
  await page.getByLabel("Go to a date and time").fill(clock(noonMs + 7 * MINUTE_MS));
  await page.keyboard.press("Enter");
  await shows(page, noonMs + 7 * MINUTE_MS);
  await page.getByText("yard has no footage of this time").waitFor();
  // The other camera plays on alone, and the URL says so.
  await page.keyboard.press("t");
  await page.locator(".picture").waitFor({ state: "detached" });
  await expect.poll(() => page.url()).toContain("alone");
});
