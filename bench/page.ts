// The page's speed in a real Chromium: npm run bench:page. The table goes into docs/performance.md.
import { readdir, readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { findBox } from "../services/api/page/testing/find-box.ts";
import { HOUR_MS, PageFixture } from "../services/api/page/testing/page-fixture.ts";
import { writeWhiteBoxDay } from "../tests/support/white-box-day.ts";

const CAMERA = "garden";
const MINUTES = 1440;
const ROUNDS = 5;
const SWEEP_MS = 4000;
const fromMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 24 * HOUR_MS;
const boxMs = fromMs + Math.floor((20 + Math.random() * (MINUTES - 40)) * 60) * 1000;
const print = (line: string) => process.stdout.write(`${line}\n`);
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;

const fixture = await PageFixture.start([CAMERA]);
try {
  const directory = fixture.store.directory(CAMERA);
  await writeWhiteBoxDay({ camera: CAMERA, directory, fromMs, minutes: MINUTES, boxMs });
  print(`load ${loadavg()[0]?.toFixed(1)}\n\n| | |\n| --- | --- |`);
  for (const [name, bytes] of await scriptSizes()) print(`| ${name}, gzip | ${(bytes / 1000).toFixed(1)} kB |`);
  const overview: number[] = [];
  const footage: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    overview.push(await msUntil("#/", ".card-picture img"));
    footage.push(await msUntil(`#/watch/${CAMERA}`, "video.shown"));
  }
  print(`| overview opened to its first thumbnail, ms (median of ${ROUNDS}) | ${median(overview).toFixed(0)} |`);
  print(`| footage opened to its first frame, ms | ${median(footage).toFixed(0)} |`);
  for (const round of ["first time, no sheet made yet", "again"]) {
    const { fps, p99Ms, exact } = await sweep();
    print(`| sweeping over the day in ${SWEEP_MS / 1000} s, ${round}: frames a second | ${fps.toFixed(1)} |`);
    print(`| 99 % of its frames came within, ms | ${p99Ms.toFixed(0)} |`);
    print(`| frames that showed the very minute's picture, not one nearby | ${(exact * 100).toFixed(0)} % |`);
  }
  const page = await fixture.open("#/", { timezoneId: "UTC" });
  const found = await findBox(page, `${fixture.api.url}/`, CAMERA);
  print(`| box put down in a day found to the frame, mp4 downloaded, s | ${(found.tookMs / 1000).toFixed(1)} |`);
  print(`| off by, ms | ${found.afterMs - boxMs} |`);
  print(`\nload at the end ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await fixture.closePages();
  await fixture.close();
}

/** The size of what the first view fetches, and of what is fetched only when needed. */
async function scriptSizes(): Promise<[string, number][]> {
  const folder = join(fixture.store.root, "page");
  const html = await readFile(join(folder, "index.html"), "utf8");
  const files = (await readdir(join(folder, "assets"))).filter((name) => /\.(js|css)$/.test(name));
  const sizes = files.map(async (name): Promise<[string, number]> => {
    const size = gzipSync(await readFile(join(folder, "assets", name))).length;
    return [`${html.includes(name) ? "first view" : "when needed"}: ${name.replace(/-.*\./, ".")}`, size];
  });
  return Promise.all(sizes);
}

/** Opens the page without cache, and returns the time until an element is there and has a picture. */
async function msUntil(hash: string, selector: string): Promise<number> {
  const page = await fixture.open("icon.svg");
  const ms = await measure(page, `${fixture.api.url}/${hash}`, selector);
  await fixture.closePages();
  return ms;
}

async function measure(page: Page, url: string, selector: string): Promise<number> {
  await page.goto(url, { waitUntil: "commit" });
  return page.evaluate(async (wanted) => {
    for (;;) {
      const element = document.querySelector<HTMLImageElement | HTMLVideoElement>(wanted);
      const width = element instanceof HTMLVideoElement ? element.videoWidth : (element?.naturalWidth ?? 0);
      if (width > 0) return performance.now();
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }, selector);
}

/** Moves the pointer over the whole day at an even speed, and measures every frame that the browser draws meanwhile. */
async function sweep(): Promise<{ fps: number; p99Ms: number; exact: number }> {
  const page = await fixture.open(`#/watch/${CAMERA}?t=${new Date(fromMs + 12 * HOUR_MS).toISOString()}`, {
    timezoneId: "UTC",
  });
  await page.locator("video.shown").waitFor();
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  await page.waitForTimeout(1000);
  const frames = page.evaluate(watchFrames, SWEEP_MS);
  const startMs = performance.now();
  for (let part = 0; part < 1; part = (performance.now() - startMs) / SWEEP_MS) {
    await page.mouse.move(box.x + part * box.width, box.y + 60);
  }
  const { intervals, exact } = await frames;
  await fixture.closePages();
  const sorted = intervals.sort((a, b) => a - b);
  return {
    fps: (1000 * intervals.length) / intervals.reduce((sum, ms) => sum + ms, 0),
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] as number,
    exact: exact / intervals.length,
  };
}

/**
 * Runs in the page: measures the time between frames, and counts those that show the picture of the minute pointed at.
 */
async function watchFrames(durationMs: number): Promise<{ intervals: number[]; exact: number }> {
  const intervals: number[] = [];
  let exact = 0;
  const startMs = performance.now();
  for (let lastMs = startMs; lastMs - startMs < durationMs; ) {
    const nowMs = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
    intervals.push(nowMs - lastMs);
    lastMs = nowMs;
    const picture = document.querySelector<HTMLElement>(".hover-card:not([hidden]) .hover-picture");
    if (picture?.dataset.exact === "true") exact++;
  }
  return { intervals: intervals.slice(1), exact };
}
