import type { Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeClip } from "../../../tests/support/chunk-maker.ts";
import { MinuteMaker } from "../../../tests/support/minute-maker.ts";
import { clock, HOUR_MS, iso, MINUTE_MS, PageFixture, SECOND_MS, shows, token } from "./testing/page-fixture.ts";

/** Answers that come late, out of order, incomplete, or not at all. */

const DAY_MS = 24 * HOUR_MS;
const noonMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 12 * HOUR_MS;
/** How long after the clock's minute each minute of the yard begins. */
const YARD_LATE_MS = 1500;

let fixture: PageFixture;

beforeAll(async () => {
  fixture = await PageFixture.start(["front-door", "yard"]);
  const clip = await makeClip({ width: 320, height: 180, frames: 600, framesPerSecond: 10, gop: 20 });
  const [whole, half] = [new MinuteMaker(clip, 10), new MinuteMaker(clip.slice(0, 300), 10)];
  for (const dayMs of [noonMs - DAY_MS, noonMs]) {
    for (let timeMs = dayMs; timeMs < dayMs + 6 * MINUTE_MS; timeMs += MINUTE_MS) {
      fixture.writeMinute("front-door", timeMs, whole.file(timeMs * 1000));
      // The second minute ends halfway.
      const maker = timeMs === dayMs + MINUTE_MS ? half : whole;
      fixture.writeMinute("yard", timeMs, maker.file((timeMs + YARD_LATE_MS) * 1000));
    }
  }
}, 120_000);

afterEach(async () => {
  // The browser logs an error for each request that a test makes fail.
  const complaints = await fixture.closePages();
  expect(complaints.filter((complaint) => !complaint.includes("Failed to load resource"))).toEqual([]);
});

afterAll(() => fixture?.close());

/** How long a busy machine may take. */
const PATIENT = { timeout: 15_000 };
const videoOf = (camera: string, timeMs: number) => `**/${camera}.preview.${token(timeMs)}.mp4`;
const minutesOf = (timeMs: number) => `**/minutes?day=${token(timeMs).slice(0, 8)}`;
const stageTime = (page: Page) => page.locator(".stage .stage-time").textContent();

/** Holds back requests for a URL until the returned function is called. */
async function hold(page: Page, url: string): Promise<() => void> {
  let release = () => {};
  const free = new Promise<void>((resolve) => (release = resolve));
  await page.route(url, async (route) => {
    await free;
    await route.continue().catch(() => {}); // the page may have aborted the request
  });
  return release;
}

/** Makes the page's timers run ten times as fast, so that its timeouts end sooner. */
async function hurry(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { setTimeout, setInterval } = window;
    window.setTimeout = ((call: () => void, ms = 0) => setTimeout(call, ms / 10)) as typeof window.setTimeout;
    window.setInterval = ((call: () => void, ms = 0) => setInterval(call, ms / 10)) as typeof window.setInterval;
  });
}

async function goTo(page: Page, timeMs: number): Promise<void> {
  await page.evaluate((hash) => (window.location.hash = hash), `#/watch/front-door?t=${iso(timeMs)}&w=3600`);
}

function mediaTime(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector<HTMLVideoElement>(".stage video.shown")?.currentTime ?? Number.NaN);
}

function setMediaTime(page: Page, beforeEndS: number): Promise<void> {
  return page.evaluate((beforeEndS) => {
    const video = document.querySelector<HTMLVideoElement>(".stage video.shown");
    if (video !== null) video.currentTime = video.duration - beforeEndS;
  }, beforeEndS);
}

test("a jump is not lost when the minute that played before it ends meanwhile", async () => {
  const page = await fixture.watch({ at: noonMs + 30 * SECOND_MS, width: HOUR_MS });
  const release = await hold(page, minutesOf(noonMs - DAY_MS));
  await page.keyboard.press("Space");
  await setMediaTime(page, 0.5);
  await goTo(page, noonMs - DAY_MS + 3 * MINUTE_MS);
  await page.waitForTimeout(1000);
  release();
  await shows(page, noonMs - DAY_MS + 3 * MINUTE_MS);
});

test("what is asked for last is shown, also when what was asked for before it is answered later", async () => {
  const page = await fixture.open(`#/watch/front-door?t=${iso(noonMs - DAY_MS)}&w=900`);
  const release = await hold(page, minutesOf(noonMs));
  await page.reload();
  await shows(page, noonMs - DAY_MS);
  await page.keyboard.press("n");
  await page.keyboard.press("ArrowRight");
  await shows(page, noonMs - DAY_MS + MINUTE_MS);
  const answer = page.waitForResponse(minutesOf(noonMs));
  release();
  await answer;
  await page.waitForTimeout(300);
  await shows(page, noonMs - DAY_MS + MINUTE_MS);
});

test("a frame forward asked for while there is no picture moves nothing", async () => {
  const page = await fixture.open("#/");
  await page.addInitScript(() => {
    const own = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime") as PropertyDescriptor;
    const seek = function (this: HTMLMediaElement, timeS: number) {
      document.body.dataset.sought = String(timeS);
      own.set?.call(this, timeS);
    };
    Object.defineProperty(HTMLMediaElement.prototype, "currentTime", { ...own, set: seek });
  });
  await page.reload();
  await page.route(videoOf("front-door", noonMs), (route) => route.abort());
  await goTo(page, noonMs + 5 * SECOND_MS);
  await page.getByText("This minute could not be fetched.").waitFor();
  await page.keyboard.press(".");
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => document.body.dataset.sought)).toBeUndefined();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await shows(page, noonMs);
  expect(await page.evaluate(() => document.body.dataset.sought)).toBe("5");
});

test("word of a former video that comes late does not stop the one on its way", async () => {
  const page = await fixture.watch({ at: noonMs, width: HOUR_MS });
  const release = await hold(page, videoOf("front-door", noonMs + MINUTE_MS));
  await page.keyboard.press("ArrowRight");
  await page.locator(".stage-line", { hasText: "Loading" }).waitFor();
  await page.evaluate(() => {
    for (const video of document.querySelectorAll("video")) video.dispatchEvent(new Event("emptied"));
  });
  release();
  await shows(page, noonMs + MINUTE_MS);
});

test("a minute of which only the picture came, and not when it was taken, is not shown at a wrong time", async () => {
  const page = await fixture.open("#/");
  let refused = 0;
  await page.route(videoOf("yard", noonMs), (route) =>
    route.request().headers().range === "bytes=0-65535" && refused++ === 0 ? route.abort() : route.continue(),
  );
  await page.evaluate((hash) => (window.location.hash = hash), `#/watch/yard?t=${iso(noonMs + 10 * SECOND_MS)}&w=3600`);
  await shows(page, noonMs);
  expect(await mediaTime(page)).toBe(8.5);
  expect(await stageTime(page)).toContain(":10.00");
  expect(refused).toBeGreaterThan(1);
});

test("as long as the frame that is sought has not come, it says so; when nothing comes at all, that, and it tries again", async () => {
  const page = await fixture.open("#/");
  await hurry(page);
  await page.reload();
  const held: Route[] = [];
  let isHolding = true;
  await page.route(videoOf("front-door", noonMs), async (route) => {
    if (!isHolding || route.request().headers().range !== "bytes=0-") {
      if (isHolding && route.request().headers().range !== "bytes=0-65535") held.push(route);
      else await route.continue();
      return;
    }
    // Only the index and the first seconds.
    const whole = await (await route.fetch()).body();
    const headers = {
      "Content-Type": "video/mp4",
      "Content-Range": `bytes 0-99999/${whole.length}`,
      "Accept-Ranges": "bytes",
    };
    await route.fulfill({ status: 206, headers, body: whole.subarray(0, 100_000) });
  });
  await goTo(page, noonMs + 50 * SECOND_MS);
  await expect.poll(() => held.length, PATIENT).toBeGreaterThan(0);
  await page.waitForFunction(() => [...document.querySelectorAll("video")].some((video) => video.seeking));
  const said = () =>
    new Promise((resolve) => setTimeout(() => resolve(document.querySelector(".stage-line")?.textContent), 8000));
  expect(await page.evaluate(said)).toBe("Loading…");
  await page.getByText("This minute could not be fetched.").waitFor();
  isHolding = false;
  await shows(page, noonMs);
  expect(await stageTime(page)).toContain(":50.00");
});

test("a camera beside the one that plays whose video cannot be fetched says so, and asks now and then", async () => {
  const page = await fixture.open("#/");
  await hurry(page);
  await page.reload();
  let asked = 0;
  await page.route("**/yard.preview.*.mp4", (route) => {
    asked++;
    return route.abort();
  });
  await page.evaluate(
    (hash) => (window.location.hash = hash),
    `#/watch/front-door,yard?t=${iso(noonMs + 10 * SECOND_MS)}&w=3600`,
  );
  await shows(page, noonMs);
  await page.getByText("yard could not be fetched").waitFor();
  await page.waitForTimeout(1000);
  expect(asked).toBeLessThanOrEqual(8); // four attempts of two requests
  await page.unrouteAll();
  await fixture.stopApi();
  await page.getByText(/No connection since/).waitFor();
  await fixture.restartApi();
  await page.locator(".picture video.shown").waitFor();
});

test("between the end of a minute and the first frame of the next, that frame is the nearest", async () => {
  const page = await fixture.open(`#/watch/yard?t=${iso(noonMs + 2 * MINUTE_MS)}&w=3600`);
  await shows(page, noonMs + 2 * MINUTE_MS);
  expect(await stageTime(page)).toContain(`${clock(noonMs + 2 * MINUTE_MS)}:01.50`);
});

test("the clock tells the time of the picture, also when the browser tells of frames late or not at all", async () => {
  const page = await fixture.open("#/");
  await page.addInitScript(() => {
    const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
    HTMLVideoElement.prototype.requestVideoFrameCallback = function (tell) {
      const video = this as HTMLVideoElement & { told?: VideoFrameCallbackMetadata };
      return ask.call(this, (now, frame) => {
        const before = video.told ?? frame;
        video.told = frame;
        tell(now, Math.abs(before.mediaTime - frame.mediaTime) > 1 ? before : frame);
      });
    };
  });
  await page.reload();
  await goTo(page, noonMs + 5 * SECOND_MS);
  await shows(page, noonMs);
  await goToTyped(page, `${clock(noonMs)}:40`);
  await expect.poll(() => mediaTime(page), PATIENT).toBe(40);
  await page.waitForTimeout(300);
  expect(await stageTime(page)).toContain(":40.00");

  await page.addInitScript(() => {
    HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0;
  });
  await page.evaluate((hash) => (window.location.hash = hash), `#/watch/yard?t=${iso(noonMs)}&w=3600`);
  await page.reload();
  await shows(page, noonMs);
  expect(await stageTime(page)).toContain(":01.50");
});

test("a camera beside the one that plays is led back over its minute's first frame, or says that there is none", async () => {
  const page = await fixture.watch({
    at: noonMs + 4 * MINUTE_MS + 10 * SECOND_MS,
    width: HOUR_MS,
    cameras: "front-door,yard",
  });
  const yardTime = page.locator(".picture .stage-time");
  await expect.poll(() => yardTime.textContent(), PATIENT).toContain(":10.00");
  await goToTyped(page, "-10s");
  // This moment is in the file of the previous minute.
  await expect.poll(() => yardTime.textContent(), PATIENT).toContain(`${clock(noonMs + 4 * MINUTE_MS)}:00.0`);
  await goToTyped(page, "-110s");
  await expect.poll(() => yardTime.textContent(), PATIENT).toContain(`${clock(noonMs + 2 * MINUTE_MS)}:10.0`);
  await goToTyped(page, "-10s");
  await page.getByText("yard has no footage of this time").waitFor();
});

async function goToTyped(page: Page, typed: string): Promise<void> {
  await page.getByLabel("Go to a date and time").fill(typed);
  await page.keyboard.press("Enter");
}

test("playing goes on from the very end of a minute, and past one that cannot be fetched", async () => {
  const page = await fixture.watch({ at: noonMs + 30 * SECOND_MS, width: HOUR_MS });
  await page.route(videoOf("front-door", noonMs + 2 * MINUTE_MS), (route) => route.abort());
  await setMediaTime(page, 0);
  await page.waitForFunction(() => document.querySelector<HTMLVideoElement>(".stage video.shown")?.ended);
  await page.keyboard.press("Space");
  await page.locator(".stage .stage-time", { hasText: clock(noonMs + MINUTE_MS) }).waitFor();
  await expect.poll(() => stageTime(page), PATIENT).toMatch(/:0[1-9]\./);
  await setMediaTime(page, 0.5);
  await page.getByText("This minute could not be fetched.").waitFor();
  await page.getByRole("button", { name: "Go to the next minute" }).click();
  await shows(page, noonMs + 3 * MINUTE_MS);
});

test("while it is not known what there is, it says why, and goes on when it is", async () => {
  const page = await fixture.open("#/");
  await hurry(page);
  await page.reload();
  await page.route(minutesOf(noonMs - DAY_MS), (route) => route.fulfill({ status: 500 }));
  await goTo(page, noonMs - DAY_MS);
  await page.getByText("Loading… 500").waitFor();
  await page.unrouteAll();
  await shows(page, noonMs - DAY_MS);
});

test("a minute that comes while its day is being listed is not forgotten", async () => {
  const newMs = noonMs + 6 * MINUTE_MS;
  const page = await fixture.open("#/");
  await comesDuring(page, minutesOf(noonMs), newMs);
  await page.locator(`.card-picture img[src*="${token(newMs)}"]`).waitFor();
});

test("a day that comes while the days are being listed is not forgotten", async () => {
  const newMs = noonMs + DAY_MS / 2;
  const page = await fixture.open("#/");
  await page.locator(".card-picture img").first().waitFor();
  let answers = 0;
  page.on("requestfinished", (request) => {
    if (request.url().endsWith("/api/1/days")) answers++;
  });
  await comesDuring(page, "**/api/1/days", newMs);
  await expect.poll(() => answers, PATIENT).toBe(2);
  await goTo(page, newMs);
  await shows(page, newMs);
});

test("the player for browsers that cannot play a camera's own video is asked for again when it did not come", async () => {
  const page = await fixture.open("#/");
  await page.routeWebSocket(/\/live\?codec=/, (socket) => {
    const codec = socket.url().endsWith("mpeg1") ? "mpeg1video" : "hvc1";
    setTimeout(() => socket.send(JSON.stringify({ type: "start", codec })), 50);
  });
  let asked = 0;
  await page.route("**/mpeg1-player*", (route) => {
    asked++;
    return route.abort();
  });
  await goTo(page, noonMs);
  await shows(page, noonMs);
  await page.getByRole("button", { name: "Live" }).click();
  await expect.poll(() => asked, PATIENT).toBeGreaterThan(1);
});

/** Reloads the page, and writes a minute after the api has answered but before the answer reaches the page. */
async function comesDuring(page: Page, url: string, timeMs: number): Promise<void> {
  let release = () => {};
  const free = new Promise<void>((resolve) => {
    release = resolve;
  });
  const answered = new Promise<void>((resolve) => {
    void page.route(url, async (route) => {
      const answer = await route.fetch();
      resolve();
      await free;
      await route.fulfill({ response: answer });
    });
  });
  const listens = page.waitForResponse("**/api/1/events");
  await page.reload();
  await Promise.all([answered, listens]);
  const comes = page.evaluate(
    () =>
      new Promise((resolve) => {
        const events = new EventSource("/api/1/events");
        events.addEventListener("minute", () => resolve(events.close()));
        events.addEventListener("open", () => document.body.classList.add("listens"));
      }),
  );
  await page.locator("body.listens").waitFor();
  fixture.writeMinute("front-door", timeMs);
  await comes;
  await page.waitForTimeout(800); // the page lists the minutes again a moment after the last event
  release();
}

test("a minute that comes between a listing and the beginning of the events is shown", async () => {
  const page = await fixture.open("#/");
  const release = await hold(page, "**/api/1/events");
  await goTo(page, noonMs);
  await page.reload();
  await shows(page, noonMs);
  const newMs = noonMs + 6 * MINUTE_MS;
  fixture.writeMinute("front-door", newMs);
  const listed = page.waitForResponse(minutesOf(noonMs));
  release();
  await listed;
  const video = page.waitForRequest(videoOf("front-door", newMs));
  await goTo(page, newMs + 5 * SECOND_MS);
  await video;
  await shows(page, newMs + 5 * SECOND_MS);
});
