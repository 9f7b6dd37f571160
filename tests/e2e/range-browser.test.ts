import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import { launchBrowser } from "../support/browser.ts";
import { COUNTER, makeCountedClip } from "../support/counted-clip.ts";
import { RangeStore, type RecordedPicture } from "../support/range-store.ts";
import { StoreFixture } from "../support/store-fixture.ts";

/** A range as Chromium plays it, directly from the api. The number of each picture is read from its pixels. */
const CAMERA = "front-door";
const START_US = Date.UTC(2025, 10, 24, 14, 31, 52) * 1000 + 123_456;
const PICTURE_US = 100_000;
const everyTenth = (count: number) => Array.from({ length: count + 1 }, (_, i) => i * PICTURE_US);

let store: StoreFixture;
let api: ApiFixture;
let camera: RangeStore;
let browser: Browser;

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  camera = new RangeStore(CAMERA, store.directory(CAMERA));
  const small = await makeCountedClip({ frames: 120, countFrom: 0, gop: 25 });
  const large = await makeCountedClip({ frames: 90, countFrom: 1000, gop: 25, bFrames: 2, width: 480, height: 272 });
  await camera.record(small, { startUs: START_US, countFrom: 0, timesUs: everyTenth(120) });
  await camera.record(large, { startUs: START_US + 30_000_000, countFrom: 1000, timesUs: everyTenth(90) });
  api = await new ApiFixture(store).start();
  browser = await launchBrowser();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await api.stop();
  store.remove();
});

interface PageOptions {
  url: string;
  /** Pairs of a position to seek to, s, and the number expected there. */
  seeks: [number, number][];
  /** Where to play from and to, s. */
  play: [number, number];
  counter: { bits: number; square: number };
}

/** Runs in the page: the numbers seen after each seek, and while playing. */
async function watch({ url, seeks, play, counter }: PageOptions) {
  // biome-ignore lint/suspicious/noExplicitAny: the page's globals are not among the types of a Node program
  const page = globalThis as any;
  const video = page.document.createElement("video");
  video.muted = true;
  const canvas = page.document.createElement("canvas");
  canvas.width = counter.square * counter.bits;
  canvas.height = counter.square;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const read = (width = video.videoWidth, height = video.videoHeight) => {
    context.drawImage(video, 0, 0, width, height);
    let value = 0;
    for (let bit = 0; bit < counter.bits; bit++) {
      const [x, y] = [bit * counter.square + counter.square / 2, counter.square / 2];
      value = value * 2 + (context.getImageData(x, y, 1, 1).data[0] > 128 ? 1 : 0);
    }
    return value;
  };
  const event = (name: string) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }));
  const failed = new Promise<never>((_, reject) => {
    video.onerror = () => reject(new Error(`the video does not play: ${video.error?.message}`));
  });
  const loaded = event("loadeddata");
  video.src = url;
  page.document.body.append(video);
  await Promise.race([loaded, failed]);
  const duration = video.duration;
  const seen: number[] = [];
  for (const [time, wanted] of seeks) {
    const seeked = event("seeked");
    video.currentTime = time;
    await Promise.race([seeked, failed]);
    for (let tries = 0; tries < 50 && read() !== wanted; tries++)
      await new Promise((wake) => page.setTimeout(wake, 50));
    seen.push(read());
  }
  const played: number[] = [];
  const seeked = event("seeked");
  video.currentTime = play[0];
  await Promise.race([seeked, failed]);
  const whole = new Promise<void>((resolve) => {
    const onFrame = (_now: number, { mediaTime, width, height }: Record<"mediaTime" | "width" | "height", number>) => {
      played.push(read(width, height));
      if (mediaTime >= play[1]) resolve();
      else video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  });
  await video.play();
  await Promise.race([whole, failed]);
  return { duration, seen, played };
}

test.each(["skip", "keep"] as const)(
  "plays and seeks over a cut, a minute's end, a gap (gaps=%s), a change of resolution and B-frames",
  async (gaps) => {
    const [startUs, endUs] = [START_US + 3_730_000, START_US + 36_440_000];
    const pictures = camera.shown(startUs, endUs);
    const line = timeLine(pictures, gaps);
    const durationS = (line.at(-1)?.toS as number) - 0.0001;
    const at = (seconds: number) => line.find(({ toS }) => seconds < toS)?.count as number;
    const change = line.find(({ count }) => count === 1000)?.fromS as number;
    const places = [
      0,
      0.25 * durationS,
      0.5 * durationS,
      0.75 * durationS,
      durationS,
      change - 0.03,
      change + 0.03,
      0.05,
    ];
    const iso = (timeUs: number) => new Date(timeUs / 1000).toISOString();
    const url = `${api.url}/api/1/camera/${CAMERA}/range.mp4?start=${iso(startUs)}&end=${iso(endUs)}&gaps=${gaps}`;
    const page = await browser.newPage();
    await page.goto(`${api.url}/api/1/days`); // the same origin, so that the pixels may be read
    const options: PageOptions = {
      url,
      seeks: places.map((seconds) => [seconds, at(seconds)]),
      play: [change - 0.5, change + 0.5],
      counter: COUNTER,
    };
    const { duration, seen, played } = await page.evaluate(watch, options);
    await page.close();
    expect(Math.abs(duration - durationS)).toBeLessThan(0.01);
    expect(seen).toEqual(places.map(at));
    const wanted = line
      .filter(({ toS, fromS }) => toS > change - 0.501 && fromS < change + 2)
      .map(({ count }) => count);
    expect(
      played.every((count, i) => count >= (played[i - 1] ?? 0) && wanted.includes(count)),
      played.join(),
    ).toBe(true);
    expect(played.at(-1), "what is on show half a second behind the change").toBeGreaterThanOrEqual(1004);
  },
);

function timeLine(pictures: readonly RecordedPicture[], gaps: "skip" | "keep") {
  let zeroUs = pictures[0]?.timeUs as number;
  return pictures.map(({ count, timeUs, endUs }, i) => {
    const next = pictures[i + 1];
    const before = pictures[i - 1];
    if (before !== undefined && gaps === "skip") zeroUs += timeUs - before.endUs;
    const ends = gaps === "keep" && next !== undefined ? next.timeUs : endUs;
    return { count, fromS: (timeUs - zeroUs) / 1e6, toS: (ends - zeroUs) / 1e6 };
  });
}
