import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { BOX } from "../../../../tests/support/white-box-day.ts";

/** The result of a search for the moment at which a box was put down. */
export interface Found {
  /** The last moment without the box and the first with it, as shown on the page; ms since the Unix epoch. */
  beforeMs: number;
  afterMs: number;
  /** The downloaded mp4: from some seconds before to some seconds after. */
  mp4: Buffer;
  name: string;
  /** How long it took from opening the page. */
  tookMs: number;
}

/**
 * Looks for the box as a person would who has only the page: opens the camera, points at the day until there is a
 * picture with the box next to one without, zooms in there, clicks, steps through the seconds, marks, and downloads.
 * All it knows is what the pixels under the pointer and on the stage show.
 */
export async function findBox(page: Page, url: string, camera: string): Promise<Found> {
  const startMs = performance.now();
  await page.goto(url);
  await page.getByRole("link", { name: `Footage of ${camera}` }).click();
  await page.locator(".stage video.shown").waitFor();
  await page.getByRole("button", { name: "Day", exact: true }).click();
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  let edge = await narrow(page, box, 0, box.width);
  for (let zooms = 0; zooms < 3; zooms++) {
    // The wheel zooms around the pointer: the place where the box first appears does not move.
    const middle = (edge.without + edge.with) / 2;
    await page.mouse.move(box.x + middle, box.y + 60);
    await page.mouse.wheel(0, -900);
    await page.waitForTimeout(150);
    edge = await narrow(page, box, Math.max(0, middle - 60), Math.min(box.width, middle + 60));
  }
  await page.mouse.click(box.x + edge.with, box.y + 60);
  await page.getByRole("button", { name: "Pause" }).click();
  const [beforeMs, afterMs] = await stepToBox(page);
  await goBy(page, -5);
  await page.keyboard.press("i");
  await goBy(page, 10);
  await page.keyboard.press("o");
  const link = page.getByRole("region", { name: "Download" }).getByRole("link", { name: camera });
  const coming = page.waitForEvent("download");
  await link.click();
  const download = await coming;
  const mp4 = await readFile(await download.path());
  return { beforeMs, afterMs, mp4, name: download.suggestedFilename(), tookMs: performance.now() - startMs };
}

/** Bisects between two pixels, one without the box and one with it, until they are adjacent. */
async function narrow(page: Page, box: { x: number; y: number }, left: number, right: number) {
  let [without, with_] = [left, right];
  while (with_ - without > 1) {
    const middle = Math.round((without + with_) / 2);
    const seen = await pointAt(page, box.x + middle, box.y + 60);
    if (seen === undefined || seen)
      with_ = middle; // what is not recorded yet is after everything that is
    else without = middle;
  }
  return { without, with: with_ };
}

/** Points and returns whether the box is in the picture; undefined where there is none. */
async function pointAt(page: Page, x: number, y: number): Promise<boolean | undefined> {
  await page.mouse.move(x, y);
  await page.waitForFunction(() => {
    const picture = document.querySelector<HTMLElement>(".hover-card:not([hidden]) .hover-picture");
    return picture?.dataset.exact === "true" || picture?.textContent === "no footage";
  });
  return page.evaluate(({ x, y, width, height }) => {
    const note = document.querySelector(".hover-note")?.textContent;
    const canvas = document.querySelector<HTMLCanvasElement>(".hover-picture canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context || note === "no footage") return undefined;
    const [left, top] = [canvas.width * (x + width / 2), canvas.height * (y + height / 2)];
    return (context.getImageData(left, top, 1, 1).data[1] as number) > 225;
  }, BOX);
}

/**
 * From a picture with the box, less than two minutes after it was put down, bisects back to a second before that; then
 * steps by frames to the first picture with it.
 */
async function stepToBox(page: Page): Promise<[number, number]> {
  if (!(await isOnStage(page))) await goBy(page, 60);
  let [behind, back] = [0, 120];
  while (back - behind > 1) {
    const middle = Math.round((behind + back) / 2);
    await goBy(page, -middle);
    if (await isOnStage(page)) behind = middle;
    else back = middle;
    await goBy(page, middle);
  }
  await goBy(page, -back);
  for (let frames = 0; frames < 60; frames++) {
    const beforeMs = await shownMs(page);
    await step(page);
    if (await isOnStage(page)) return [beforeMs, await shownMs(page)];
  }
  throw new Error("the box does not appear");
}

async function step(page: Page): Promise<void> {
  const before = await clockOf(page);
  await page.keyboard.press(".");
  await page.waitForFunction((shown) => document.querySelector(".stage-time")?.textContent !== shown, before);
}

/** Types an offset such as `-5s` into the field for times, and waits for the picture. */
async function goBy(page: Page, seconds: number): Promise<void> {
  const before = await clockOf(page);
  await page.keyboard.press("g");
  await page.keyboard.type(`${seconds < 0 ? "" : "+"}${seconds}s`);
  await page.keyboard.press("Enter");
  await page.waitForFunction((shown) => document.querySelector(".stage-time")?.textContent !== shown, before);
  await page.locator(".stage-line", { hasText: "Loading" }).waitFor({ state: "detached" });
}

function clockOf(page: Page): Promise<string | null> {
  return page.locator(".stage .stage-time").textContent();
}

/** The time of the displayed frame, as the page's address shows it a moment later. */
async function shownMs(page: Page): Promise<number> {
  await page.waitForTimeout(350);
  return Date.parse(new URL(page.url()).hash.match(/t=([^&]+)/)?.[1] ?? "");
}

function isOnStage(page: Page): Promise<boolean> {
  return page.evaluate(({ x, y, width, height }) => {
    const video = document.querySelector<HTMLVideoElement>(".stage video.shown");
    const canvas = document.createElement("canvas");
    canvas.width = video?.videoWidth ?? 0;
    canvas.height = video?.videoHeight ?? 0;
    const context = canvas.getContext("2d");
    if (!video || !context) throw new Error("no picture");
    context.drawImage(video, 0, 0);
    const [left, top] = [canvas.width * (x + width / 2), canvas.height * (y + height / 2)];
    return (context.getImageData(left, top, 1, 1).data[1] as number) > 225;
  }, BOX);
}
