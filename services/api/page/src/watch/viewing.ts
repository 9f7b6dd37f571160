import type { ChainPlayer } from "../player/chain-player.ts";
import { SPEEDS } from "../player/chain-player.ts";
import { saveFrame } from "../player/save-frame.ts";
import type { Services } from "../services.ts";
import { localDay, sameTimeOtherDay } from "../time/local-day.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS, UTC_DAY_MS } from "../time/minute.ts";
import type { TimelineView } from "../timeline/timeline-view.ts";
import { reveal, type Viewport, widthMs, withoutFuture, zoomStep, zoomTo } from "../timeline/viewport.ts";
import { formatRoute, type WatchRoute } from "../ui/route.ts";
import { Changing } from "../ui/store.ts";

const FEW_HOURS_MS = 4 * HOUR_MS;
const MIN_FIRST_VIEW_MS = 15 * MINUTE_MS;
const RECORD_DELAY_MS = 300;
export const MAX_IN_STEP = 4;

/**
 * What is being viewed: cameras, moment and marks, and the actions on them. The buttons, the keys and the timeline all
 * act through it; it keeps the URL up to date.
 */
export class Viewing extends Changing {
  readonly player: ChainPlayer;
  readonly #services: Services;
  #cameras: readonly string[];
  #active: string;
  #inMs: number | undefined;
  #outMs: number | undefined;
  #isAlone: boolean;
  #view: Viewport;
  #timeline: TimelineView | undefined;
  #recordTimer = 0;
  #recorded = "";
  /** Counts requests: late results of an older one are ignored. */
  #requests = 0;
  readonly #ends: (() => void)[] = [];
  readonly #frameListeners = new Set<(timeMs: number) => void>();

  constructor(services: Services, player: ChainPlayer, route: WatchRoute) {
    super();
    this.#services = services;
    this.player = player;
    this.#cameras = route.cameras;
    this.#active = route.active ?? route.cameras[0] ?? "";
    this.#inMs = route.inMs;
    this.#outMs = route.outMs;
    this.#isAlone = route.isAlone === true;
    this.#recorded = formatRoute(route);
    this.#view = initialView(route, Date.now());
    player.onFrame = (timeMs) => this.#onFrame(timeMs);
    const { feed } = services;
    this.#ends.push(
      player.subscribe(() => this.#onPlayer()),
      feed.subscribe(() => feed.online && player.retry()),
    );
    void this.#openFirst(route.timeMs);
  }

  /** On one time axis, from top to bottom. */
  get cameras(): readonly string[] {
    return this.#cameras;
  }

  /** The camera that plays. */
  get active(): string {
    return this.#active;
  }

  get inMs(): number | undefined {
    return this.#inMs;
  }

  get outMs(): number | undefined {
    return this.#outMs;
  }

  /** Whether only the playing camera is shown large. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** The cameras whose pictures play, by index: two to four in step, or the active one alone. */
  get inStep(): readonly string[] {
    const together = !this.#isAlone && this.#cameras.length <= MAX_IN_STEP;
    return together ? this.#cameras : [this.#active];
  }

  setAlone(isAlone: boolean): void {
    this.#isAlone = isAlone;
    this.#recordSoon();
    this.changed();
  }

  get timeMs(): number {
    return this.player.timeMs;
  }

  /** What the timeline shows, or will show first. */
  get view(): Viewport {
    return this.#view;
  }

  close(): void {
    this.#requests++;
    for (const end of this.#ends) end();
    window.clearTimeout(this.#recordTimer);
    this.player.close();
  }

  /** Calls back with the time of each displayed frame; returns a function that ends this. */
  onFrame(listener: (timeMs: number) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Sets the timeline that shows this viewing; undefined when it is removed. */
  attach(timeline: TimelineView | undefined): void {
    this.#timeline = timeline;
    this.#updateTimeline();
  }

  onView(view: Viewport): void {
    const widthChanged = widthMs(view) !== widthMs(this.#view);
    this.#view = view;
    this.#recordSoon();
    if (widthChanged) this.changed();
  }

  /** Shows what a URL says, unless the viewing itself wrote it there. */
  follow(route: WatchRoute): void {
    if (formatRoute(route) === this.#recorded) return;
    this.#cameras = route.cameras;
    this.#active = route.active ?? route.cameras[0] ?? "";
    this.#inMs = route.inMs;
    this.#outMs = route.outMs;
    this.#isAlone = route.isAlone === true;
    if (route.widthMs !== undefined || route.timeMs !== undefined) this.#setView(initialView(route, Date.now()));
    void this.#openFirst(route.timeMs ?? (this.player.camera === "" ? undefined : this.timeMs));
  }

  /** Goes to a moment; if that is in a gap, to the nearest footage in a direction. */
  seek(timeMs: number, camera = this.#active, direction: 1 | -1 = 1): void {
    this.#requests++;
    this.#active = camera;
    this.#setView(reveal(this.#view, timeMs));
    this.changed();
    void this.player.open(camera, Math.min(timeMs, Date.now()), direction).then(() => {
      if (this.player.movedMs !== 0) this.#setView(reveal(this.#view, this.timeMs));
    });
  }

  /** Plays from a moment. The view stays, so that a click on the timeline does not move it under the pointer. */
  playFrom(timeMs: number, camera = this.#active): void {
    const view = this.#view;
    this.seek(timeMs, camera);
    this.#setView(view);
    this.player.play();
  }

  moveBy(deltaMs: number): void {
    this.seek(this.timeMs + deltaMs, this.#active, deltaMs < 0 ? -1 : 1);
  }

  moveDays(days: number): void {
    this.seek(sameTimeOtherDay(this.timeMs, days), this.#active, days < 0 ? -1 : 1);
    const width = widthMs(this.#view);
    if (width >= UTC_DAY_MS * 0.9 && width <= UTC_DAY_MS * 1.1) this.showDay();
  }

  /** Goes to the newest minute. */
  async goToNewest(): Promise<void> {
    const request = ++this.#requests;
    const newestMs = await this.#services.footage.previousReady(this.#active);
    if (newestMs !== undefined && request === this.#requests) this.seek(newestMs + MINUTE_MS - 1);
  }

  togglePlay(): void {
    if (this.player.playing) this.player.pause();
    else this.player.play();
  }

  /** The next faster (1) or slower (-1) speed. */
  changeSpeed(direction: 1 | -1): void {
    const place = SPEEDS.indexOf(this.player.speed) + direction;
    const speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, place))];
    if (speed !== undefined) this.player.setSpeed(speed);
  }

  /** Sets a mark at the start or end of the current second, so that the displayed frame is in the range. */
  mark(which: "in" | "out"): void {
    const secondMs = Math.floor(this.timeMs / SECOND_MS) * SECOND_MS;
    this.setMark(which, which === "in" ? secondMs : secondMs + SECOND_MS);
  }

  /**
   * Sets a mark, to the second. If no range is left, the other mark is removed. With `shows`, the first or last frame
   * of the range is displayed: at once, or only if no earlier request is still loading.
   */
  setMark(which: "in" | "out", timeMs: number, shows?: "at once" | "if idle"): void {
    const markMs = Math.min(Math.round(timeMs / SECOND_MS) * SECOND_MS, Math.ceil(Date.now() / SECOND_MS) * SECOND_MS);
    if (which === "in") this.#inMs = markMs;
    else this.#outMs = markMs;
    if (this.#inMs !== undefined && this.#outMs !== undefined && this.#inMs >= this.#outMs) {
      if (which === "in") this.#outMs = undefined;
      else this.#inMs = undefined;
    }
    if (shows !== undefined) {
      this.#requests++;
      this.player.pause();
    }
    if (shows === "at once" || (shows === "if idle" && this.player.state !== "loading")) {
      void this.player.open(this.#active, which === "in" ? markMs : markMs - 1);
    }
    this.#marked();
  }

  clearMarks(): void {
    this.#inMs = undefined;
    this.#outMs = undefined;
    this.#marked();
  }

  zoom(direction: 1 | -1): void {
    this.zoomTo(zoomStep(widthMs(this.#view), direction));
  }

  /** Shows a width of time, in ms, around the displayed moment. */
  zoomTo(width: number): void {
    const around = reveal(this.#view, this.timeMs);
    const xPx = ((this.timeMs - around.fromMs) / widthMs(around)) * around.widthPx;
    // A wide view of the past is more useful than one that is half future.
    this.#setView(withoutFuture(zoomTo(around, xPx, width), localDay(Date.now()).toMs));
  }

  /** Shows the whole local day of the displayed moment, whether it has 23, 24 or 25 hours. */
  showDay(): void {
    this.#setView({ ...localDay(this.timeMs), widthPx: this.#view.widthPx });
  }

  setCameras(cameras: readonly string[]): void {
    this.#cameras = cameras;
    if (!cameras.includes(this.#active)) this.seek(this.timeMs, cameras[0]);
    this.#updateTimeline();
    this.#recordSoon();
    this.changed();
  }

  async saveFrame(): Promise<void> {
    const { notice } = this.#services;
    try {
      await saveFrame(this.player.element, this.#active, this.timeMs);
      notice.say("The frame was saved as a JPEG.");
    } catch (error) {
      notice.say((error as Error).message);
    }
  }

  async copyLink(): Promise<void> {
    const { notice } = this.#services;
    this.#record();
    try {
      await navigator.clipboard.writeText(window.location.href);
      notice.say("The link to this moment was copied.");
    } catch {
      notice.say("The link to this moment is in the address bar: copy it from there.");
    }
  }

  async #openFirst(timeMs: number | undefined): Promise<void> {
    const request = ++this.#requests;
    const newestMs = timeMs ?? (await this.#services.footage.previousReady(this.#active));
    if (request !== this.#requests) return;
    // The start of the newest minute, not its end, so that there is something to play.
    this.seek(newestMs ?? Date.now());
    if (timeMs === undefined && newestMs !== undefined) {
      const landed = this.#requests;
      const width = (await this.#firstHours(newestMs)) ?? widthMs(this.#view);
      if (landed !== this.#requests) return;
      this.#setView(initialView({ timeMs: newestMs, widthMs: width }, Date.now()));
    }
    this.#updateTimeline();
  }

  /** The first width for a recorder that began within the last hours: a day would be almost empty. */
  async #firstHours(newestMs: number): Promise<number | undefined> {
    const oldestMs = await this.#services.footage.nextReady(this.#active, newestMs - UTC_DAY_MS);
    if (oldestMs === undefined || newestMs - oldestMs > FEW_HOURS_MS) return undefined;
    return Math.max(MIN_FIRST_VIEW_MS, (newestMs - oldestMs) * 2.5);
  }

  #onFrame(timeMs: number): void {
    if (this.player.playing && this.#timeline !== undefined) {
      const { view } = this.#timeline;
      // Playing beyond the view moves it on; it stays when the viewer is looking elsewhere.
      if (timeMs > view.toMs && timeMs < view.toMs + widthMs(view) * 0.02) this.#setView(reveal(view, timeMs));
    }
    this.#timeline?.update({ playheadMs: timeMs });
    for (const listener of this.#frameListeners) listener(timeMs);
    if (!this.player.playing) this.#recordSoon();
  }

  #onPlayer(): void {
    this.#timeline?.update({ playheadMs: this.timeMs });
    for (const listener of this.#frameListeners) listener(this.timeMs);
    this.#recordSoon();
    this.changed();
  }

  #marked(): void {
    this.#updateTimeline();
    this.#recordSoon();
    this.changed();
  }

  #setView(view: Viewport): void {
    if (this.#timeline === undefined) this.#view = view;
    else this.#timeline.setView(view);
  }

  #updateTimeline(): void {
    this.#timeline?.update({
      cameras: this.#cameras,
      active: this.#active,
      playheadMs: this.timeMs,
      inMs: this.#inMs,
      outMs: this.#outMs,
    });
  }

  #recordSoon(): void {
    window.clearTimeout(this.#recordTimer);
    this.#recordTimer = window.setTimeout(() => this.#record(), RECORD_DELAY_MS);
  }

  #record(): void {
    const route: WatchRoute = {
      view: "watch",
      cameras: this.#cameras,
      active: this.#active === this.#cameras[0] ? undefined : this.#active,
      timeMs: Math.round(this.timeMs),
      widthMs: Math.round(widthMs(this.#view) / 1000) * 1000,
      inMs: this.#inMs,
      outMs: this.#outMs,
      isAlone: this.#isAlone || undefined,
    };
    this.#recorded = formatRoute(route);
    this.#services.router.record(route);
  }
}

/** The local day of the moment in a URL, or the URL's width around it. */
function initialView(route: { timeMs?: number | undefined; widthMs?: number | undefined }, nowMs: number): Viewport {
  const timeMs = route.timeMs ?? nowMs;
  if (route.widthMs === undefined) return { ...localDay(timeMs), widthPx: 1 };
  const width = route.widthMs;
  const day = localDay(timeMs);
  // A view about as wide as the day becomes that day.
  if (Math.abs(width - (day.toMs - day.fromMs)) < 1000) return { ...day, widthPx: 1 };
  return { fromMs: timeMs - width / 2, toMs: timeMs + width / 2, widthPx: 1 };
}
