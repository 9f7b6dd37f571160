import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { ReaperConfig } from "../../../../shared/config/config.ts";
import type { HealthStore } from "../../../../shared/health/health-store.ts";
import type { CameraStatus } from "../../../../shared/status/camera-status.ts";
import { minutePath } from "../../../../shared/store/names.ts";
import { type Minute, minuteAt } from "../../../../shared/time/minute.ts";
import { launchBrowser } from "../../../../tests/support/browser.ts";
import { makeClip } from "../../../../tests/support/chunk-maker.ts";
import { MinuteMaker } from "../../../../tests/support/minute-maker.ts";
import { StoreFixture } from "../../../../tests/support/store-fixture.ts";
import type { RedisSource } from "../../health/system-monitor.ts";
import { ApiFixture } from "../../testing/api-fixture.ts";
import { builtPage } from "./built-page.ts";

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const FRAMES_PER_SECOND = 10;
/** Git-ignored; for a person to look at. */
const SCREENSHOTS = join(import.meta.dirname, "../../../../tests/output");

export const token = (timeMs: number): Minute => minuteAt(timeMs * 1000);
export const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** `14:33` in Berlin, where the browsers of these tests are. */
export function clock(timeMs: number): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeStyle: "short" }).format(timeMs);
}

/** The page as a viewer uses it: the built page, the real api, a real Chromium, and footage on disk. */
export class PageFixture {
  readonly store: StoreFixture;
  /** Cameras that refuse the recorder. */
  readonly refused = new Set<string>();
  /** What the pages complained about: script errors, and violations of the security policy. */
  readonly complaints: string[] = [];
  /** Cameras with a recorder's status; one that a test adds later has none. */
  readonly #recorded: readonly string[];
  readonly #healthStore: HealthStore | undefined;
  readonly #pages: Page[] = [];
  #api: ApiFixture;
  #browser!: Browser;
  #maker!: MinuteMaker;
  #picture!: Buffer;

  private constructor(cameras: readonly string[], healthStore: HealthStore | undefined) {
    this.#recorded = cameras;
    this.#healthStore = healthStore;
    this.store = new StoreFixture(Object.fromEntries(cameras.map((camera) => [camera, {}])));
    // No warning, however full this machine's disk is.
    this.store.config.change({ reaper: { minFreePercent: 0 } as ReaperConfig });
    this.#api = this.#makeApi();
  }

  static async start(cameras: readonly string[], healthStore?: HealthStore): Promise<PageFixture> {
    const fixture = new PageFixture(cameras, healthStore);
    symlinkSync(builtPage(), join(fixture.store.root, "page"));
    const clip = { width: 320, height: 180, frames: 600, framesPerSecond: FRAMES_PER_SECOND, gop: 20 };
    fixture.#maker = new MinuteMaker(await makeClip({ ...clip, bitsPerSecond: 100_000 }), FRAMES_PER_SECOND);
    fixture.#picture = testPicture();
    await fixture.#api.start();
    fixture.#browser = await launchBrowser();
    return fixture;
  }

  get api(): ApiFixture {
    return this.#api;
  }

  /** Stops the api; `restartApi` starts a new one at the same port. */
  async stopApi(): Promise<void> {
    await this.#api.stop();
  }

  async restartApi(): Promise<void> {
    const { port } = this.#api;
    this.#api = this.#makeApi();
    this.#api.port = await this.#api.server.listen("127.0.0.1", port);
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#api.stop();
    this.store.remove();
  }

  /** Closes the pages of a test and returns their complaints. */
  async closePages(): Promise<string[]> {
    await Promise.all(this.#pages.splice(0).map((page) => page.context().close()));
    return this.complaints.splice(0);
  }

  /** Writes a minute's files; without `video` and `picture`, the default ones. */
  writeMinute(camera: string, timeMs: number, video = this.#maker.file(timeMs * 1000), picture = this.#picture): void {
    const directory = this.store.directory(camera);
    this.store.write(minutePath(directory, camera, token(timeMs), "preview"), picture);
    this.store.write(minutePath(directory, camera, token(timeMs), "thumbnail"), picture);
    this.store.write(minutePath(directory, camera, token(timeMs), "mp4"), video);
  }

  async open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      timezoneId: "Europe/Berlin",
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    this.#pages.push(page);
    await page.goto(`${this.#api.url}/${hash}`);
    return page;
  }

  /** Opens the footage at a moment, in the middle of the timeline, and waits for its frame. */
  async watch(
    { at, width, cameras = "front-door", more = "" }: { at: number; width: number; cameras?: string; more?: string },
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const page = await this.open(`#/watch/${cameras}?t=${iso(at)}&w=${width / 1000}${more}`, options);
    await shows(page, at);
    return page;
  }

  #makeApi(): ApiFixture {
    const healthStore = this.#healthStore;
    return new ApiFixture(this.store, {
      live: this.#recording(),
      watchesHealth: true,
      hasLiveViews: true,
      // A test may take long on a busy machine: missing new footage meanwhile must not be reported.
      footage: { run: async () => new Map() },
      ...(healthStore !== undefined && { healthStore }),
    });
  }

  #recording(): RedisSource {
    const since = iso(Date.now() - HOUR_MS);
    const statusOf = (camera: string): CameraStatus => ({
      camera,
      recorder: "test",
      ...(this.refused.has(camera)
        ? { state: "refused", problem: "401 Unauthorized: check the user and password in its url" }
        : { state: "recording" }),
      since,
      codec: "avc1.64001f",
      width: 320,
      height: 180,
      framesPerSecond: FRAMES_PER_SECOND,
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
      readRedisFacts: async () => ({}),
      findTrouble: async () => undefined,
      readCameras: async () => this.#recorded.map(statusOf),
      readServices: async () =>
        (["recorder", "converter", "reaper"] as const).map((service) => ({
          service,
          instance: "test",
          startedAt: since,
          problems: [],
        })),
      readBacklog: async () => ({ waiting: 0, active: 0, failed: 0 }),
    };
  }
}

/** Waits until the playing camera's frame of a time is displayed. */
export async function shows(page: Page, timeMs: number): Promise<void> {
  await page.locator(".stage video.shown").waitFor();
  await page.locator(".stage .stage-time", { hasText: clock(timeMs) }).waitFor();
  await page.locator(".stage .stage-line", { hasText: "Loading" }).waitFor({ state: "detached" });
}

/** The position on the timeline of a time, when `middleMs` is in its middle. */
export async function placeOf(
  page: Page,
  timeMs: number,
  { middleMs, width }: { middleMs: number; width: number },
): Promise<{ x: number; y: number }> {
  const box = await page.locator(".timeline-canvas").boundingBox();
  if (box === null) throw new Error("no timeline");
  return { x: box.x + box.width * ((timeMs - middleMs) / width + 0.5), y: box.y + 60 };
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

function testPicture(): Buffer {
  const source = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180", "-frames:v", "1"];
  return execFileSync("ffmpeg", [...source, "-f", "mjpeg", "-"]);
}
