import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../../tests/support/random.ts";
import { SEED } from "../../../tests/support/seed.ts";
import { BOX, writeWhiteBoxDay } from "../../../tests/support/white-box-day.ts";
import { findBox } from "./testing/find-box.ts";
import { HOUR_MS, MINUTE_MS, PageFixture, screenshot } from "./testing/page-fixture.ts";

/** The trial: a white box was put down at some second of a day; a person who has only the page finds out when. */

const CAMERA = "garden";
/** The first hours of yesterday, which is a UTC day for this browser. */
const fromMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 24 * HOUR_MS;
const MINUTES = 360;
const boxMs = fromMs + Math.floor((20 + new Random(SEED).next() * (MINUTES - 40)) * 60) * 1000;

let fixture: PageFixture;

beforeAll(async () => {
  fixture = await PageFixture.start([CAMERA]);
  const directory = fixture.store.directory(CAMERA);
  await writeWhiteBoxDay({ camera: CAMERA, directory, fromMs, minutes: MINUTES, boxMs });
}, 120_000);

afterAll(() => fixture?.close());

test("a box put down at a random second is found by pointing at the day, and its mp4 taken away, within a minute", {
  timeout: 90_000,
}, async () => {
  const page = await fixture.open("#/", { timezoneId: "UTC" });
  const found = await findBox(page, `${fixture.api.url}/`, CAMERA);
  await screenshot(page, "box-found");
  // A picture lasts 200 ms.
  expect(Math.abs(found.afterMs - boxMs), new Date(boxMs).toISOString()).toBeLessThanOrEqual(200);
  expect(found.beforeMs).toBeLessThan(boxMs);
  expect(found.tookMs).toBeLessThan(MINUTE_MS);
  const path = join(fixture.store.root, "taken.mp4");
  writeFileSync(path, found.mp4);
  const whites = brightness(path);
  expect(whites[0]).toBeLessThan(200);
  expect(whites.at(-1)).toBeGreaterThan(225);
  expect(await fixture.closePages()).toEqual([]);
});

/** The brightness at the box's place in each picture of an mp4, decoded by ffmpeg. */
function brightness(path: string): number[] {
  const crop = `crop=iw*${BOX.width / 2}:ih*${BOX.height / 2}:iw*${BOX.x + BOX.width / 4}:ih*${BOX.y + BOX.height / 4}`;
  const filter = `${crop},scale=1:1:flags=area,format=gray`;
  return [...execFileSync("ffmpeg", ["-v", "error", "-i", path, "-vf", filter, "-f", "rawvideo", "-"])];
}
