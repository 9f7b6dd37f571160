import { Redis } from "ioredis";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PastCondition } from "../../../shared/health/condition.ts";
import { RedisHealthStore } from "../../../shared/health/health-store.ts";
import { makeClip } from "../../../tests/support/chunk-maker.ts";
import { MinuteMaker } from "../../../tests/support/minute-maker.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { HOUR_MS, iso, MINUTE_MS, PageFixture, placeOf, screenshot } from "./testing/page-fixture.ts";

/** The timeline: its width, days on which clocks change, and conditions. */

/** Clocks went back at 03:00 CEST to 02:00 CET, and forward at 02:00 CET to 03:00 CEST. */
const BACK_MS = Date.parse("2026-10-25T01:00:00Z");
const FORWARD_MS = Date.parse("2026-03-29T01:00:00Z");
const DAY_MS = 24 * HOUR_MS;
const thisMinuteMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
/**
 * From ten to two minutes ago (after five minutes without footage there is a condition): shortly after midnight,
 * footage of yesterday and today.
 */
const recentMs = thisMinuteMs - 10 * MINUTE_MS;

let fixture: PageFixture;
let redisServer: TestRedis;
let redis: Redis;

beforeAll(async () => {
  redisServer = await startRedis();
  redis = new Redis(redisServer.url);
  await redis.ping();
  fixture = await PageFixture.start(["front-door", "yard"], new RedisHealthStore(redis, "test"));
  const clip = await makeClip({ width: 320, height: 180, frames: 100, gop: 20 });
  const maker = new MinuteMaker(clip, 10);
  for (const middleMs of [BACK_MS, FORWARD_MS]) {
    for (let hour = -26; hour <= 26; hour++) {
      for (let minute = 0; minute < 3; minute++) {
        const timeMs = middleMs + hour * HOUR_MS + (15 + minute) * MINUTE_MS;
        fixture.writeMinute("front-door", timeMs, maker.file(timeMs * 1000), await grey(brightnessOf(15 + minute)));
      }
    }
  }
  for (let minute = 0; minute < 10; minute++) fixture.writeMinute("yard", recentMs + minute * MINUTE_MS);
}, 120_000);

afterEach(async () => {
  expect(await fixture.closePages()).toEqual([]);
});

afterAll(async () => {
  await fixture?.close();
  redis?.disconnect();
  await redisServer?.stop();
});

/** The width of the timeline, as the page displays it. */
function width(page: Page): Promise<string | null> {
  return page.locator(".zoom-width").textContent();
}

// This test is the first: later, minutes that the yard's recorder should have made would be missing.
test("a camera that fails while it is watched is drawn as trouble from when it began, and pointing says what", async () => {
  const page = await fixture.watch({ at: recentMs, width: HOUR_MS, cameras: "yard" });
  const { x, y } = await placeOf(page, Date.now() - 30_000, { middleMs: recentMs, width: HOUR_MS });
  await page.mouse.move(x, y);
  await page.locator(".hover-card").waitFor();
  expect(await page.locator(".hover-conditions").textContent()).toBe("");
  const before = await redPixels(page);
  fixture.refused.add("yard");
  await page.getByText("1 problem").waitFor();
  await page.locator(".hover-conditions", { hasText: "not recording (refused): 401 Unauthorized" }).waitFor();
  expect(await redPixels(page)).toBeGreaterThan(before + 100);
  await page.getByText("trouble: point at it").waitFor();
  await screenshot(page, "trouble");
  // The picture is still displayed, and plays.
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  const asked = conditionsAsked(page);
  fixture.refused.clear();
  await page.getByText("All well").waitFor();
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  // The condition stays visible, with how long it lasted: here, and where the page is opened only afterwards.
  const over = { hasText: /401 Unauthorized.* \((today|yesterday) \d\d:\d\d \S+, for (\d+ min|1 h.*)\)/ };
  await page.locator(".hover-conditions", over).waitFor();
  const later = await fixture.watch({ at: recentMs, width: HOUR_MS, cameras: "yard" });
  await later.mouse.move(x, y);
  await later.locator(".hover-conditions", over).waitFor();
});

test.for([
  ["back", BACK_MS, 25, "1 d 1 h", Date.parse("2026-10-24T22:00:00Z")],
  ["forward", FORWARD_MS, 23, "23 h", Date.parse("2026-03-28T23:00:00Z")],
] as const)(
  "the day on which clocks go %s is whole, and a click on each hour of it plays that hour",
  async ([name, changeMs, count, shown, dayMs]) => {
    const page = await fixture.watch({ at: changeMs + 15 * MINUTE_MS, width: HOUR_MS });
    await page.keyboard.press("d");
    await expect.poll(() => width(page)).toBe(shown);
    await screenshot(page, `clocks-${name}`);
    const view = { middleMs: dayMs + (count * HOUR_MS) / 2, width: count * HOUR_MS };
    const pointed: string[] = [];
    for (let hour = 0; hour < count; hour++) {
      const { x, y } = await placeOf(page, dayMs + hour * HOUR_MS + 16 * MINUTE_MS + 30_000, view);
      await page.mouse.move(x, y);
      await page.locator(".hover-card:not([hidden])").waitFor();
      await page.waitForTimeout(30);
      pointed.push(((await page.locator(".hover-time").textContent()) ?? "").replace(/:\d\d /, " "));
    }
    expect(new Set(pointed).size).toBe(count);
    for (const hour of [0, 1, 2, 3, 4]) {
      const timeMs = dayMs + hour * HOUR_MS + 16 * MINUTE_MS + 30_000;
      const { x, y } = await placeOf(page, timeMs, view);
      await page.mouse.move(x, y);
      await page.waitForTimeout(30);
      const under = await page.locator(".hover-time").textContent();
      await page.mouse.click(x, y);
      await page.keyboard.press("Space"); // pauses what the click plays
      await expect.poll(() => page.url(), { message: `hour ${hour}` }).toContain(`t=${iso(timeMs).slice(0, 13)}`);
      // The timeline does not move under the pointer.
      expect(await page.locator(".hover-time").textContent()).toBe(under);
    }
  },
);

test("in the hour that comes twice both are told apart by their zone, typed and on the picture", async () => {
  const page = await fixture.watch({ at: BACK_MS - 45 * MINUTE_MS, width: HOUR_MS });
  for (const [zone, timeMs] of [
    ["CEST", BACK_MS - 45 * MINUTE_MS],
    ["CET", BACK_MS + 15 * MINUTE_MS],
  ] as const) {
    await page.getByLabel("Go to a date and time").fill(`25.10.2026 2:15 ${zone}`);
    await page.keyboard.press("Enter");
    await page
      .locator(".stage .stage-time", {
        hasText: new RegExp(`^02:15.*${zone === "CEST" ? "CEST|GMT\\+2" : "CET|GMT\\+1"}`),
      })
      .waitFor();
    await expect.poll(() => page.url()).toContain(`t=${iso(timeMs).slice(0, 16)}`);
  }
});

test("it is from a minute to a month wide, zooms by wheel around the pointer and by pinch, and is dragged", async () => {
  const page = await fixture.watch({ at: BACK_MS + 15 * MINUTE_MS, width: HOUR_MS });
  for (let i = 0; i < 12; i++) await page.keyboard.press("-");
  await expect.poll(() => width(page)).toBe("31 d");
  await screenshot(page, "month");
  for (let i = 0; i < 12; i++) await page.keyboard.press("+");
  await expect.poll(() => width(page)).toBe("1 min");
  await screenshot(page, "minute");
  await page.getByRole("button", { name: "6 h" }).click();
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  /** The minute of the day under the pointer. */
  const pointed = async () => {
    const [, hour, minute] = /(\d\d):(\d\d)/.exec((await page.locator(".hover-time").textContent()) ?? "") ?? [];
    return Number(hour) * 60 + Number(minute);
  };
  await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
  await page.locator(".hover-card:not([hidden])").waitFor();
  const before = await pointed();
  await page.mouse.wheel(0, -480);
  await expect.poll(() => width(page)).toBe("2 h 12 min");
  // What is under the pointer stays under it, also while dragging.
  expect(Math.abs((await pointed()) - before)).toBeLessThanOrEqual(1);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
  await page.mouse.up();
  expect(Math.abs((await pointed()) - before)).toBeLessThanOrEqual(1);

  const phone = await fixture.watch(
    { at: BACK_MS + 15 * MINUTE_MS, width: HOUR_MS },
    { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  );
  const touch = await phone.context().newCDPSession(phone);
  const canvas = await phone.locator(".timeline-canvas").boundingBox();
  if (canvas === null) throw new Error("no timeline");
  const fingers = (apart: number) => [-1, 1].map((side) => ({ x: 180 + (side * apart) / 2, y: canvas.y + 60 }));
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: fingers(80) });
  for (const apart of [120, 160, 200, 240]) {
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: fingers(apart) });
  }
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect.poll(() => phone.url()).toContain("w=1200");
});

test("what was wrong yesterday and ended before the page was opened is drawn with its camera or over all, and told", async () => {
  const view = { middleMs: recentMs, width: 3 * DAY_MS };
  const yesterday = { fromMs: recentMs - 26 * HOUR_MS, toMs: recentMs - 24 * HOUR_MS };
  const before = { fromMs: recentMs - 32 * HOUR_MS, toMs: recentMs - 30 * HOUR_MS };
  const minute = { fromMs: recentMs - 6 * HOUR_MS, toMs: recentMs - 6 * HOUR_MS + MINUTE_MS };
  const hour = (place: number) => ({ fromMs: recentMs + (place / 100 - 20) * HOUR_MS, toMs: 0 });
  await note([
    {
      id: "camera-not-recording",
      subject: "yard",
      severity: "error",
      message: "not recording (stalled)",
      ...yesterday,
    },
    { id: "disk-full", subject: "/data", severity: "error", message: "99 % used", ...before },
    { id: "camera-clock-off", subject: "front-door", severity: "error", message: "its clock is off", ...minute },
    // Many conditions, each narrower than a pixel.
    ...Array.from({ length: 400 }, (_, i) => {
      const fromMs = hour(i).fromMs;
      const what = { id: "service-problem", subject: "recorder", severity: "error", message: `fault ${i}` } as const;
      return { ...what, fromMs, toMs: fromMs + 5000 };
    }),
  ]);
  const page = await fixture.open("#/");
  const asked = conditionsAsked(page);
  await page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    `#/watch/yard,front-door?t=${iso(recentMs)}&w=${view.width / 1000}`,
  );
  const point = async ({ fromMs, toMs }: { fromMs: number; toMs: number }) => {
    const { x, y } = await placeOf(page, (fromMs + toMs) / 2, view);
    await page.mouse.move(x, y);
    return { x, told: page.locator(".hover-conditions") };
  };
  const places: Record<string, string[]> = {};
  for (const [name, stretch, words] of [
    ["yesterday", yesterday, "yard: not recording (stalled) ("],
    ["before", before, "/data: 99 % used ("],
    ["minute", minute, "front-door: its clock is off ("],
  ] as const) {
    const { told } = await point(stretch);
    await told.filter({ hasText: words }).waitFor();
    expect(await told.textContent()).toMatch(/, for (2 h|1 min)\)$/);
    const { x } = await placeOf(page, stretch.fromMs + 1, view);
    const found = await redRows(page, x + 2);
    // The lanes of the two cameras, and the ruler above all.
    const rows = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".timeline-canvas");
      const [yard, frontDoor] = [...document.querySelectorAll<HTMLElement>(".lane-name")].map((name) => name.offsetTop);
      return { yard: yard ?? 0, frontDoor: frontDoor ?? 0, end: canvas?.clientHeight ?? 0 };
    });
    places[name] = [
      ...(found.some((row) => row < rows.yard) ? ["all"] : []),
      ...(found.some((row) => row > rows.yard && row < rows.frontDoor) ? ["yard"] : []),
      ...(found.some((row) => row > rows.frontDoor && row < rows.end) ? ["front-door"] : []),
    ];
  }
  expect(places).toEqual({ yesterday: ["yard"], before: ["all"], minute: ["front-door"] });
  const { told } = await point({ fromMs: recentMs - 19 * HOUR_MS, toMs: recentMs - 19 * HOUR_MS });
  expect(await told.textContent()).toMatch(/^recorder: fault \d+ .*\n(.*\n){3}and \d+ more: zoom in$/);
  await screenshot(page, "trouble-of-yesterday");
  // Zooming in on a minute of yesterday requests nothing, as its day is known. Before, it may be requested twice: at
  // the start, and when the event stream opens.
  const askedBefore = asked.length;
  await page.keyboard.press("+");
  await page.waitForTimeout(300);
  expect(asked).toHaveLength(askedBefore);
});

test("looked at closely, what is missing within a minute is left free, as a minute without footage is", async () => {
  // Ten seconds of each of three minutes were recorded.
  const firstMs = BACK_MS - 13 * HOUR_MS + 15 * MINUTE_MS;
  const view = { middleMs: firstMs + 2 * MINUTE_MS, width: 10 * MINUTE_MS };
  const page = await fixture.watch({ at: view.middleMs, width: view.width });
  const colours = async () => {
    const seconds = [5, 40, 65, 100, 125, 160, 220];
    const places = await Promise.all(seconds.map((second) => placeOf(page, firstMs + second * 1000, view)));
    return barColours(
      page,
      places.map(({ x }) => x),
    );
  };
  await expect.poll(async () => new Set(await colours()).size).toBe(2);
  const [recorded, free] = await colours();
  expect(await colours()).toEqual([recorded, free, recorded, free, recorded, free, free]);
  await screenshot(page, "gaps-within-minutes");
});

test("pointing anywhere in a past hour shows that minute's picture, cut from the hour's sheet", async () => {
  const hourMs = BACK_MS - 13 * HOUR_MS;
  const page = await fixture.watch({ at: hourMs + 15 * MINUTE_MS, width: DAY_MS });
  const sheets = () =>
    page.evaluate(
      () => performance.getEntriesByType("resource").filter(({ name }) => name.includes(".sprites.")).length,
    );
  await expect.poll(sheets, { timeout: 15_000 }).toBeGreaterThan(20);
  await page.route("**/*.thumbnail.*", (route) => route.abort());
  const seen = new Set<number>();
  const view = { middleMs: startOfDay(hourMs) + 12 * HOUR_MS, width: DAY_MS };
  for (const second of [15 * 60 + 30, 16 * 60 + 30, 17 * 60 + 30]) {
    const { x, y } = await placeOf(page, hourMs - 3 * HOUR_MS + second * 1000, view);
    await page.mouse.move(x, y);
    await page.locator('.hover-picture[data-exact="true"]').waitFor();
    const minute = Number(/:(\d\d) /.exec((await page.locator(".hover-time").textContent()) ?? "")?.[1]);
    expect(Math.abs((await hoverBrightness(page)) - brightnessOf(minute)), `minute ${minute}`).toBeLessThan(12);
    seen.add(minute);
  }
  expect(seen.size).toBeGreaterThan(1);
  fixture.complaints.splice(0); // about the thumbnails that were blocked
});

/** Adds ended conditions to the history, as the api's keeper does. */
async function note(
  troubles: (Omit<PastCondition, "since" | "until"> & { fromMs: number; toMs: number })[],
): Promise<void> {
  const keeper = (await redis.get("hindsight:health:keeper")) ?? "";
  const ended = troubles.map(({ fromMs, toMs, ...rest }) => ({ ...rest, since: iso(fromMs), until: iso(toMs) }));
  const saved = (await redis.get("hindsight:health:ledger")) ?? "";
  expect(await new RedisHealthStore(redis, keeper).save(saved, ended)).toBe(true);
}

/** Each minute's picture has a different grey. */
function brightnessOf(minute: number): number {
  return 40 + (minute % 20) * 10;
}

function grey(brightness: number): Promise<Buffer> {
  const background = { r: brightness, g: brightness, b: brightness };
  return sharp({ create: { width: 320, height: 180, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

function hoverBrightness(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".hover-picture canvas");
    return canvas?.getContext("2d")?.getImageData(160, 90, 1, 1).data[0] ?? Number.NaN;
  });
}

/** Midnight in Berlin, in October before clocks go back. */
function startOfDay(timeMs: number): number {
  return Math.floor((timeMs + 2 * HOUR_MS) / DAY_MS) * DAY_MS - 2 * HOUR_MS;
}

/** The number of pixels of the timeline in the colour of trouble. */
function redPixels(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".timeline-canvas");
    const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === 0xc0 && data[i + 1] === 0x2f && data[i + 2] === 0x2f) count++;
    }
    return count;
  });
}

/** Collects the page's requests for conditions from now on. */
function conditionsAsked(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/1/conditions")) asked.push(request.url());
  });
  return asked;
}

/** The colours of the lowest line, the one under the pictures, at pixels of the page. */
function barColours(page: Page, xs: number[]): Promise<string[]> {
  return page.evaluate((pageXs) => {
    const canvas = document.querySelector<HTMLCanvasElement>(".timeline-canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) throw new Error("no timeline");
    const { left } = canvas.getBoundingClientRect();
    return pageXs.map((x) => {
      const column = context.getImageData(Math.floor(x - left), 0, 1, canvas.height).data;
      const lowest = column.findLastIndex((alpha, i) => i % 4 === 3 && alpha === 255) - 3 - 2 * 4;
      return column.slice(lowest, lowest + 3).join(" ");
    });
  }, xs);
}

/** The heights at which a column of the timeline, at a pixel of the page, has the colour of trouble. */
function redRows(page: Page, x: number): Promise<number[]> {
  return page.evaluate((pageX) => {
    const canvas = document.querySelector<HTMLCanvasElement>(".timeline-canvas");
    const left = pageX - (canvas?.getBoundingClientRect().left ?? 0);
    const data = canvas?.getContext("2d")?.getImageData(Math.floor(left), 0, 1, canvas.height).data ?? [];
    const rows: number[] = [];
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === 0xc0 && data[i + 1] === 0x2f && data[i + 2] === 0x2f) rows.push(i / 4);
    }
    return rows;
  }, x);
}

test("a minute without a file of its own, because its GOP began in the one before, is no gap", async () => {
  const fromMs = BACK_MS + 30 * HOUR_MS + 30 * MINUTE_MS;
  const clip = await makeClip({ width: 320, height: 180, frames: 100, gop: 20 });
  const long = new MinuteMaker(clip, 100 / 150); // two and a half minutes
  for (const timeMs of [fromMs, fromMs + 150_000]) {
    fixture.writeMinute("front-door", Math.floor(timeMs / MINUTE_MS) * MINUTE_MS, long.file(timeMs * 1000));
  }
  const page = await fixture.open(`#/watch/front-door?t=${iso(fromMs + 30_000)}&w=600`);
  await page.locator(".stage video.shown").waitFor();
  const view = { middleMs: fromMs + 30_000, width: 10 * MINUTE_MS };
  const inside = await placeOf(page, fromMs + 90_000, view);
  const barAt = (timeMs: number) => colourOfBar(page, timeMs, view);
  const recorded = await barAt(fromMs + 45_000);
  await expect.poll(() => barAt(fromMs + 90_000), { timeout: 15_000 }).toEqual(recorded);
  expect(await barAt(fromMs - 90_000)).not.toEqual(recorded);
  await page.mouse.move(inside.x, inside.y);
  await page.locator(".hover-note", { hasText: "near" }).waitFor();
  await page.mouse.click(inside.x, inside.y);
  await page.locator(".stage .stage-time", { hasText: ":31:3" }).waitFor();
  await page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>(".stage video.shown");
    if (video !== null) video.currentTime = video.duration - 0.5;
  });
  await page.locator(".stage .stage-time", { hasText: ":32:3" }).waitFor();
  expect(await page.locator(".stage-line").count()).toBe(0);
});

/** The colour of the only camera's recording bar at a time. */
async function colourOfBar(page: Page, timeMs: number, view: { middleMs: number; width: number }): Promise<number[]> {
  const { x } = await placeOf(page, timeMs, view);
  return page.evaluate((x) => {
    const canvas = document.querySelector<HTMLCanvasElement>(".timeline-canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) throw new Error("no timeline");
    const pixel = context.getImageData(x - canvas.getBoundingClientRect().left, canvas.height - 14, 1, 1).data;
    return [...pixel];
  }, x);
}
