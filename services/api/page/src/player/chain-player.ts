import type { Footage } from "../footage/footage.ts";
import { floorMinute, MINUTE_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import { MinuteVideo } from "./minute-video.ts";

const MOST_RETRIES = 3;
const RETRY_MS = 2500;
/** So long before a minute ends, at normal speed, all of the next is fetched. */
const FETCH_BEFORE_MS = 6000;

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];

/**
 * - `empty`: the camera has no footage at all
 * - `waiting`: everything up to now (or, where gaps are not skipped, to the next gap) was shown; it goes on when the next
 *   minute is there
 */
export type PlayerState = "loading" | "ready" | "waiting" | "empty" | "failed";

/**
 * Plays a camera from any moment on: minute after minute and over gaps. Two video elements take turns, so that the next
 * minute stands ready when one ends. Chosen over one `<video>` on the range mp4 because each minute says its own capture
 * time (gaps need no reckoning), the chain has no end to fix in advance, and a minute that cannot be read stops nothing
 * but itself.
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
  /** In a row. */
  #failures = 0;
  /** Counts openings: what an older one brings late is dropped. */
  #opening = 0;
  readonly #end: () => void;
  /** Called with each frame that is shown; apart from the changes, which are few. */
  onFrame: (timeMs: number) => void = () => {};

  /** A follower does not skip gaps: somebody else says when it goes on. */
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

  /** Whether it plays, or would if it had the bytes. */
  get playing(): boolean {
    return this.#playing;
  }

  get speed(): number {
    return this.#speed;
  }

  /** The capture time of the frame on show, ms since the Unix epoch. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** The start of the minute on show; undefined while there is none. */
  get minuteMs(): number | undefined {
    return this.#shown.minuteMs;
  }

  /** The capture time that playing has come to, more exact than that of the frame on show. */
  get currentMs(): number {
    return this.#state === "ready" ? this.#shown.currentMs : this.#timeMs;
  }

  /** When the video of the minute on show begins and ends, ms since the Unix epoch. */
  get shownMs(): { fromMs: number; toMs: number } {
    return { fromMs: this.#shown.startMs, toMs: this.#shown.endMs };
  }

  /** Whether its video lacks bytes to go on with. */
  get isStalled(): boolean {
    return this.#shown.element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  /** How long the gap was that was jumped over just now; 0 when there was none. */
  get skippedMs(): number {
    return this.#skippedMs;
  }

  /** How far the frame on show lies after (or, below 0, before) the moment that was asked for, over a gap. */
  get movedMs(): number {
    return this.#movedMs;
  }

  /** The element whose frame is on show, for saving it. */
  get element(): HTMLVideoElement {
    return this.#shown.element;
  }

  /**
   * Shows a moment; where nothing was recorded, the next after it (direction 1) or the last before it (-1), and failing
   * that the nearest on the other side. Plays on as before.
   */
  async open(camera: string, timeMs: number, direction: 1 | -1 = 1): Promise<void> {
    const opening = ++this.#opening;
    this.#camera = camera;
    this.#timeMs = timeMs;
    this.#problem = undefined;
    this.#skippedMs = 0;
    this.#movedMs = 0;
    this.#setState("loading");
    const next = () => this.#footage.nextReady(camera, timeMs);
    const previous = () => this.#footage.previousReady(camera, timeMs);
    const minuteMs = direction === 1 ? ((await next()) ?? (await previous())) : ((await previous()) ?? (await next()));
    if (opening !== this.#opening) return;
    if (minuteMs === undefined) {
      this.#shown.clear();
      this.#setState("empty");
      return;
    }
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
    else this.#shown.play(this.#speed);
    void this.#prepareNext();
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

  /** Plays at a rate beside the speed for a while, to come into step with another. */
  setRate(rate: number): void {
    this.#shown.setSpeed(rate);
  }

  /** Whether the next minute is fetched only shortly before it is needed, for the sake of other players. */
  setSparing(isSparing: boolean): void {
    this.#isSparing = isSparing;
  }

  /** Pauses and shows the next frame (1) or the one before (-1), also across minutes. */
  async step(direction: 1 | -1): Promise<void> {
    this.pause();
    if (await this.#shown.step(direction)) return;
    const minuteMs = this.#shown.minuteMs;
    if (minuteMs === undefined) return;
    const opening = ++this.#opening;
    const other =
      direction === 1
        ? await this.#footage.nextReady(this.#camera, minuteMs + MINUTE_MS)
        : await this.#footage.previousReady(this.#camera, minuteMs - MINUTE_MS);
    if (other === undefined || opening !== this.#opening) return;
    await this.#show(other, direction === 1 ? other - MINUTE_MS : Number.POSITIVE_INFINITY, opening);
  }

  /** Goes on behind a minute that cannot be played. */
  async skip(): Promise<void> {
    const next = await this.#footage.nextReady(this.#camera, floorMinute(this.#timeMs) + MINUTE_MS);
    if (next !== undefined) await this.open(this.#camera, next);
  }

  /** Tries again what failed, for when the api is back. */
  retry(): void {
    if (this.#state === "failed" || this.#shown.isBroken) void this.open(this.#camera, this.#timeMs);
    else if (this.#state !== "ready") this.#onFootage();
  }

  /** Lets go of both videos. */
  close(): void {
    this.#end();
    this.#opening++;
    this.#playing = false;
    this.#shown.clear();
    this.#spare.clear();
  }

  async #show(minuteMs: number, atMs: number, opening: number): Promise<void> {
    const camera = this.#camera;
    if (!this.#shown.has(camera, minuteMs)) {
      if (this.#spare.has(camera, minuteMs)) this.#swap();
      else this.#shown.load(camera, minuteMs);
    }
    const shown = this.#shown;
    if (!(await shown.ready()) || opening !== this.#opening) return;
    // The first moments of a minute may lie in the file of the one before, which ends at a keyframe.
    const before = minuteMs - MINUTE_MS;
    if (atMs >= minuteMs && atMs < shown.startMs && floorMinute(atMs) === minuteMs) {
      if ((await this.#footage.previousReady(camera, before)) === before && opening === this.#opening) {
        shown.load(camera, before);
        if (!(await shown.ready()) || opening !== this.#opening) return;
      }
    }
    await shown.seek(atMs);
    if (opening !== this.#opening) return;
    this.#shown.element.classList.add("shown");
    this.#spare.element.classList.remove("shown");
    this.#failures = 0;
    this.#setState("ready");
    this.#frameShown(shown);
    if (this.#playing) {
      shown.play(this.#speed);
      void this.#prepareNext();
    }
  }

  #swap(): void {
    [this.#shown, this.#spare] = [this.#spare, this.#shown];
    this.#spare.pause();
    this.#shown.element.classList.add("shown");
    this.#spare.element.classList.remove("shown");
  }

  /** Loads the minute that comes next into the element that is not on show. */
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
    const next = await this.#footage.nextReady(this.#camera, minuteMs + MINUTE_MS);
    if (opening !== this.#opening) return;
    if (next === undefined || (this.#isFollower && next > minuteMs + MINUTE_MS)) {
      this.#timeMs = this.#shown.endMs;
      this.#setState("waiting");
      return;
    }
    this.#movedMs = 0;
    this.#skippedMs = Math.max(0, next - minuteMs - MINUTE_MS);
    await this.#show(next, next - MINUTE_MS, opening);
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
        if (video === this.#shown && this.#playing) void this.#goOn();
      },
      onFailed: (video: MinuteVideo, problem: string) => {
        if (video !== this.#shown) return video.clear();
        this.#opening++;
        this.#problem = problem;
        this.#setState("failed");
        // A connection may break while the api is up again already: then nobody else says when to try.
        if (this.#failures++ < MOST_RETRIES) window.setTimeout(() => this.retry(), RETRY_MS);
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
