import type { Footage } from "../footage/footage.ts";
import { floorMinute, MINUTE_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import { MinuteVideo } from "./minute-video.ts";

const MAX_RETRIES = 3;
const RETRY_MS = 2500;
/** How long the last frame stays without a message while the next minute is being looked for. */
const SILENT_MS = 300;
/** How long before the end of a minute, at normal speed, all of the next one is fetched. */
const FETCH_BEFORE_MS = 6000;

/** Footage with a smaller gap than this counts as unbroken, as in the api. */
const MIN_SKIPPED_MS = 1000;

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];

/**
 * - `empty`: the camera has no footage at all
 * - `waiting`: everything up to now (or, where gaps are not skipped, to the next gap) was shown; playback continues
 *   when the next minute is there
 */
export type PlayerState = "loading" | "ready" | "waiting" | "empty" | "failed";

/**
 * Plays a camera from any moment on: minute after minute and across gaps. Two video elements take turns, so that the
 * next minute is ready when one ends. Chosen over one `<video>` on the range mp4 because each minute has its own
 * capture time (gaps need no calculation), the end need not be fixed in advance, and a minute that cannot be read
 * affects only itself.
 */
export class ChainPlayer extends Changing {
  readonly #footage: Footage;
  readonly #isFollower: boolean;
  #isSparing: boolean;
  #shown: MinuteVideo;
  #spare: MinuteVideo;
  #camera = "";
  #state: PlayerState = "loading";
  #problem: string | undefined;
  #playing = false;
  #speed = 1;
  #timeMs = 0;
  #skippedMs = 0;
  #movedMs = 0;
  /** The minute that is shown or being loaded; undefined while it is looked for. */
  #target: number | undefined;
  #askedMs = 0;
  /** Number of failures in a row. */
  #failures = 0;
  #retryTimer = 0;
  /** Counts openings: late results of an older one are ignored. */
  #opening = 0;
  readonly #end: () => void;
  /** Called with each frame that is shown; separate from the changes, which are few. */
  onFrame: (timeMs: number) => void = () => {};

  /**
   * @param isFollower whether it stops at gaps instead of skipping them, because its Follower decides when it continues
   */
  constructor(footage: Footage, elements: readonly [HTMLVideoElement, HTMLVideoElement], isFollower = false) {
    super();
    this.#footage = footage;
    this.#isFollower = isFollower;
    this.#isSparing = isFollower;
    const [first, second] = elements;
    this.#shown = new MinuteVideo(first, this.#listenerOf());
    this.#spare = new MinuteVideo(second, this.#listenerOf());
    this.#end = footage.subscribe(() => this.#onFootage());
  }

  get camera(): string {
    return this.#camera;
  }

  get state(): PlayerState {
    return this.#state;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether it plays, or would if it had the data. */
  get playing(): boolean {
    return this.#playing;
  }

  get speed(): number {
    return this.#speed;
  }

  /** The capture time of the displayed frame, ms since the Unix epoch. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** The start of the displayed minute; undefined while there is none. */
  get minuteMs(): number | undefined {
    return this.#shown.minuteMs;
  }

  /** The capture time that playback has reached, more exact than that of the displayed frame. */
  get currentMs(): number {
    return this.#state === "ready" ? this.#shown.currentMs : this.#timeMs;
  }

  /** The moment that was last requested, ms since the Unix epoch. */
  get askedMs(): number {
    return this.#askedMs;
  }

  /**
   * When the displayed minute's video begins and ends, and the latest time that can be shown of it; ms since the Unix
   * epoch.
   */
  get shownMs(): { fromMs: number; toMs: number; lastMs: number } {
    return { fromMs: this.#shown.startMs, toMs: this.#shown.endMs, lastMs: this.#shown.lastMs };
  }

  /** Whether playback has run out of data. */
  get isStalled(): boolean {
    return this.#shown.element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  /** The length of the gap that was just skipped; 0 when there was none. */
  get skippedMs(): number {
    return this.#skippedMs;
  }

  /**
   * How far, because of a gap, the displayed frame is after (or, if negative, before) the moment that was requested.
   */
  get movedMs(): number {
    return this.#movedMs;
  }

  /** The element that shows the displayed frame, for saving it. */
  get element(): HTMLVideoElement {
    return this.#shown.element;
  }

  /**
   * Shows a moment; where nothing was recorded, the next footage after it (direction 1) or the last before it (-1), or
   * else the nearest on the other side. Continues to play if it was playing.
   */
  async open(camera: string, timeMs: number, direction: 1 | -1 = 1): Promise<void> {
    this.#failures = 0;
    await this.#open(camera, timeMs, direction);
  }

  async #open(camera: string, timeMs: number, direction: 1 | -1 = 1): Promise<void> {
    const opening = ++this.#opening;
    window.clearTimeout(this.#retryTimer);
    this.#camera = camera;
    this.#timeMs = timeMs;
    this.#askedMs = timeMs;
    this.#target = undefined;
    this.#problem = undefined;
    this.#skippedMs = 0;
    this.#movedMs = 0;
    this.#shown.pause();
    this.#setState("loading");
    const isInLonger = this.#footage.isInLonger(camera, timeMs);
    const next = () => this.#footage.nextReady(camera, timeMs);
    const previous = () => this.#footage.previousReady(camera, timeMs);
    const minuteMs =
      direction === 1 && !isInLonger ? ((await next()) ?? (await previous())) : ((await previous()) ?? (await next()));
    if (opening !== this.#opening) return;
    if (minuteMs === undefined) {
      this.#shown.clear();
      this.#setState("empty");
      return;
    }
    if (isInLonger) return this.#show(minuteMs, timeMs, opening);
    const asked = floorMinute(timeMs);
    this.#movedMs = minuteMs - asked;
    const landedMs = direction === -1 ? minuteMs + timeMs - asked : Number.POSITIVE_INFINITY;
    const atMs = minuteMs === asked ? timeMs : minuteMs > asked ? minuteMs : landedMs;
    await this.#show(minuteMs, atMs, opening);
  }

  play(): void {
    this.#playing = true;
    if (this.#state === "waiting") this.#onFootage();
    else if (this.#state === "failed") void this.open(this.#camera, this.#timeMs);
    else if (this.#state === "ready") this.#playShown();
    this.changed();
  }

  pause(): void {
    this.#playing = false;
    this.#shown.pause();
    this.changed();
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    this.#shown.setSpeed(speed);
    this.changed();
  }

  /** Plays at a rate other than the speed for a while, to come into step with another player. */
  setRate(rate: number): void {
    this.#shown.setSpeed(rate);
  }

  /** Whether the next minute is fetched only shortly before it is needed, to leave connections to other players. */
  setSparing(isSparing: boolean): void {
    this.#isSparing = isSparing;
  }

  /**
   * Pauses and shows the next frame (1) or the previous one (-1), also across minutes; does nothing while no frame is
   * displayed.
   */
  async step(direction: 1 | -1): Promise<void> {
    this.pause();
    if (this.#state !== "ready" && this.#state !== "waiting") return;
    const opening = this.#opening;
    const shown = this.#shown;
    const isDone = await shown.step(direction);
    if (opening !== this.#opening) return;
    if (isDone) {
      if (this.#state === "waiting") this.#setState("ready");
      this.#frameShown(shown);
      return;
    }
    const minuteMs = shown.minuteMs as number;
    const other =
      direction === 1
        ? await this.#footage.nextReady(this.#camera, minuteMs + MINUTE_MS)
        : await this.#footage.previousReady(this.#camera, minuteMs - MINUTE_MS);
    if (other === undefined || opening !== this.#opening) return;
    await this.#show(other, direction === 1 ? other - MINUTE_MS : Number.POSITIVE_INFINITY, ++this.#opening);
  }

  /** Continues after a minute that cannot be played. */
  async skip(): Promise<void> {
    const opening = this.#opening;
    const failedMs = this.#shown.minuteMs ?? floorMinute(this.#timeMs);
    const next = await this.#footage.nextReady(this.#camera, failedMs + MINUTE_MS);
    if (next !== undefined && opening === this.#opening) await this.open(this.#camera, next);
  }

  /** Retries what failed, for when the api is back. */
  retry(): void {
    if (this.#state === "failed") void this.#open(this.#camera, this.#timeMs);
    else if (this.#state !== "ready") this.#onFootage();
  }

  /** Releases both videos. */
  close(): void {
    this.#end();
    this.#opening++;
    window.clearTimeout(this.#retryTimer);
    this.#playing = false;
    this.#shown.clear();
    this.#spare.clear();
  }

  /** Shows a moment of a minute, unless the minute fails or something else is requested meanwhile. */
  async #show(minuteMs: number, atMs: number, opening: number): Promise<void> {
    let shown = this.#turnTo(minuteMs);
    if (this.#state !== "loading" && !shown.isAtHand) {
      // If this fails, retry() and skip() must start from here.
      this.#timeMs = Math.min(minuteMs + MINUTE_MS - 1, Math.max(minuteMs, atMs));
      this.#setState("loading");
    }
    if (!(await shown.ready()) || opening !== this.#opening) return;
    if (atMs >= minuteMs && atMs < shown.startMs) {
      const found = await this.#reachBack(minuteMs, atMs, opening);
      if (found === undefined) return;
      shown = found;
    }
    if (!(await shown.seek(atMs)) || opening !== this.#opening) return;
    this.#shown.element.classList.add("shown");
    this.#spare.element.classList.remove("shown");
    this.#failures = 0;
    this.#setState("ready");
    this.#frameShown(shown);
    if (this.#playing) this.#playShown();
  }

  /**
   * The first moments of a minute may be in the file of the previous one, which ends at a keyframe. Returns the
   * previous minute if it reaches that far, otherwise the minute itself; undefined when loading failed or something
   * else was requested.
   */
  async #reachBack(minuteMs: number, atMs: number, opening: number): Promise<MinuteVideo | undefined> {
    const before = minuteMs - MINUTE_MS;
    const previous = await this.#footage.previousReady(this.#camera, before);
    if (opening !== this.#opening) return undefined;
    for (const each of previous === before ? [before, minuteMs] : [minuteMs]) {
      const shown = this.#turnTo(each);
      if (!(await shown.ready()) || opening !== this.#opening) return undefined;
      if (each === minuteMs || atMs < shown.endMs) return shown;
    }
    return undefined;
  }

  /** Makes a minute the displayed one, in the element that has it already or by loading it. */
  #turnTo(minuteMs: number): MinuteVideo {
    this.#target = minuteMs;
    if (!this.#shown.has(this.#camera, minuteMs)) {
      if (this.#spare.has(this.#camera, minuteMs)) this.#swap();
      else this.#shown.load(this.#camera, minuteMs);
    }
    this.#shown.fetchAll();
    return this.#shown;
  }

  #playShown(): void {
    if (this.#shown.element.ended) return void this.#goOn(); // play() on an ended video would restart it
    this.#shown.play(this.#speed);
    void this.#prepareNext();
  }

  #swap(): void {
    [this.#shown, this.#spare] = [this.#spare, this.#shown];
    this.#spare.pause();
    this.#shown.element.classList.add("shown");
    this.#spare.element.classList.remove("shown");
  }

  /** Loads the next minute into the element that is not displayed. */
  async #prepareNext(): Promise<void> {
    const camera = this.#camera;
    const minuteMs = this.#shown.minuteMs;
    if (minuteMs === undefined) return;
    const next = await this.#footage.nextReady(camera, minuteMs + MINUTE_MS);
    const stale = camera !== this.#camera || minuteMs !== this.#shown.minuteMs;
    if (next === undefined || stale || this.#spare.has(camera, next)) return;
    if (this.#isFollower && next > minuteMs + MINUTE_MS) return;
    this.#spare.load(camera, next, this.#isSparing);
  }

  async #goOn(): Promise<void> {
    const ended = this.#shown;
    const minuteMs = ended.minuteMs;
    if (minuteMs === undefined) return;
    const opening = ++this.#opening;
    const silence = window.setTimeout(() => opening === this.#opening && this.#setState("loading"), SILENT_MS);
    const next = await this.#footage.nextReady(this.#camera, minuteMs + MINUTE_MS);
    window.clearTimeout(silence);
    if (opening !== this.#opening) return;
    if (next === undefined || (this.#isFollower && next > minuteMs + MINUTE_MS)) {
      this.#timeMs = this.#shown.endMs;
      this.#setState("waiting");
      return;
    }
    this.#movedMs = 0;
    this.#skippedMs = 0;
    const endedMs = ended.endMs;
    await this.#show(next, next - MINUTE_MS, opening);
    if (opening !== this.#opening || this.#state !== "ready") return;
    const skippedMs = this.#shown.startMs - endedMs;
    if (skippedMs >= MIN_SKIPPED_MS) {
      this.#skippedMs = skippedMs;
      this.changed();
    }
  }

  #onFootage(): void {
    if (this.#state === "waiting" && this.#playing && !this.#isFollower) void this.#goOn();
    else if (this.#state === "empty") void this.open(this.#camera, this.#timeMs);
  }

  #listenerOf() {
    return {
      onFrame: (video: MinuteVideo) => {
        if (video === this.#shown) this.#frameShown(video);
      },
      onEnded: (video: MinuteVideo) => {
        if (video === this.#shown && this.#playing && this.#state === "ready") void this.#goOn();
      },
      onFailed: (video: MinuteVideo, problem: string) => {
        if (video !== this.#shown) return video.clear();
        if (video.minuteMs !== this.#target) return; // another minute is already requested
        this.#opening++;
        this.#problem = problem;
        this.#setState("failed");
        // A connection may break although the api is up again: then no other event would cause a retry.
        window.clearTimeout(this.#retryTimer);
        if (this.#failures++ < MAX_RETRIES) this.#retryTimer = window.setTimeout(() => this.retry(), RETRY_MS);
      },
    };
  }

  #frameShown(video: MinuteVideo): void {
    if (this.#state !== "ready") return;
    this.#timeMs = video.timeMs;
    if (video.endMs - this.#timeMs < FETCH_BEFORE_MS * Math.max(1, this.#speed)) this.#spare.fetchAll();
    this.onFrame(this.#timeMs);
  }

  #setState(state: PlayerState): void {
    this.#state = state;
    this.changed();
  }
}
