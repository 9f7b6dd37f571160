import { minuteUrl } from "../client/client.ts";
import { readCaptureStart } from "./capture-start.ts";

export interface MinuteVideoListener {
  onFrame(video: MinuteVideo): void;
  onEnded(video: MinuteVideo): void;
  onFailed(video: MinuteVideo, problem: string): void;
}

/** Shorter than any camera's, so that the first step skips no frame; each step and playback correct it. */
const FIRST_FRAME_S = 1 / 60;
const MAX_FRAME_S = 0.5;
/** A paused frame that is further than this from the requested position is an old one. */
const OLD_FRAME_S = 1;
const STEP_TIMEOUT_MS = 700;
const SAME_FRAME_MS = 100;
/** A connection without data for this long is given up, while the page is visible: hidden, browsers load nothing. */
const MAX_IDLE_S = 20;
const NOT_FETCHED = "This minute could not be fetched.";

/** A video element that shows one minute of one camera, and knows the capture time of the displayed frame. */
export class MinuteVideo {
  readonly element: HTMLVideoElement;
  readonly #listener: MinuteVideoListener;
  #camera: string | undefined;
  #minuteMs: number | undefined;
  #startMs = 0;
  /** The media time of the displayed frame, in seconds; more exact than `currentTime`. */
  #frameS = 0;
  /** The time between the last two consecutive frames, in seconds. */
  #frameDurationS = FIRST_FRAME_S;
  #ready: Promise<boolean> = Promise.resolve(false);
  #isReady = false;
  #hasFailed = false;
  /** Aborted when the minute fails or is replaced by another: ends everything that waits for it. */
  #loaded = new AbortController();
  #onNextFrame: () => void = () => {};

  constructor(element: HTMLVideoElement, listener: MinuteVideoListener) {
    this.element = element;
    this.#listener = listener;
    element.addEventListener("ended", () => listener.onEnded(this));
    element.addEventListener("error", () => this.#onError());
    this.#watchFrames();
  }

  get camera(): string | undefined {
    return this.#camera;
  }

  /** The start of the minute that the file is named after, ms since the Unix epoch. */
  get minuteMs(): number | undefined {
    return this.#minuteMs;
  }

  /**
   * The capture time of the first frame; the start of the minute until the file has been read, or when it does not say.
   */
  get startMs(): number {
    return this.#startMs;
  }

  /** The capture time of the displayed frame. */
  get timeMs(): number {
    return this.#startMs + this.#frameS * 1000;
  }

  /** The capture time that playback has reached: between the displayed frame and the next. */
  get currentMs(): number {
    return this.#startMs + this.element.currentTime * 1000;
  }

  /** The capture time at which the minute's video ends; its start until that is known. */
  get endMs(): number {
    const { duration } = this.element;
    return this.#startMs + (Number.isFinite(duration) ? duration * 1000 : 0);
  }

  /** The capture time of the last frame, which is the latest possible seek target. */
  get lastMs(): number {
    return this.#startMs + this.#lastS * 1000;
  }

  /** Whether it failed: loading it again may help. */
  get isBroken(): boolean {
    return this.#hasFailed;
  }

  /** Whether a frame can be shown at once. */
  get isAtHand(): boolean {
    return this.#isReady && this.element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  /** Whether it shows this minute, or is loading it. */
  has(camera: string, minuteMs: number): boolean {
    return this.#camera === camera && this.#minuteMs === minuteMs && !this.isBroken;
  }

  /**
   * With `isSparing`, only the metadata is fetched until it plays: a connection that waits with the rest of a minute
   * would take one of the six that a browser has.
   */
  load(camera: string, minuteMs: number, isSparing = false): void {
    this.#giveWay();
    this.#camera = camera;
    this.#minuteMs = minuteMs;
    this.#startMs = minuteMs;
    this.#frameS = 0;
    const { element } = this;
    element.preload = isSparing ? "metadata" : "auto";
    const url = minuteUrl(camera, minuteMs);
    element.src = url;
    this.#ready = this.#prepare(url);
  }

  /** Whether the minute is ready for seeking; false when it failed or another was loaded meanwhile. */
  ready(): Promise<boolean> {
    return this.#ready;
  }

  /** Shows the frame of a capture time, or the first or last one. False when the minute failed or was replaced. */
  async seek(timeMs: number): Promise<boolean> {
    const { element } = this;
    const targetS = Math.min(this.#lastS, Math.max(0, (timeMs - this.#startMs) / 1000));
    this.#frameS = targetS;
    const isThere = Math.abs(element.currentTime - targetS) < 0.001;
    if (isThere && !element.seeking && element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return true;
    if (!isThere) element.currentTime = targetS;
    return this.#comes(element.seeking ? "seeked" : "loadeddata");
  }

  play(speed: number): void {
    this.setSpeed(speed);
    // Rejected when it is paused or reloaded before it began: nothing to do then. Errors come as events.
    this.element.play().catch(() => {});
  }

  pause(): void {
    this.element.pause();
  }

  setSpeed(speed: number): void {
    this.element.defaultPlaybackRate = speed;
    this.element.playbackRate = speed;
  }

  /** Shows the next (1) or previous (-1) frame of a minute that is ready; false when that is in another minute. */
  async step(direction: 1 | -1): Promise<boolean> {
    const fromS = this.#frameS;
    const { signal } = this.#loaded;
    // A moment before its start is in the previous frame. How far away the next one is can only be found out by trying.
    let distanceS = direction === 1 ? 1.5 * this.#frameDurationS : -0.5 * this.#frameDurationS;
    for (;;) {
      const targetS = fromS + distanceS;
      if (signal.aborted) return true;
      if (targetS < 0 || targetS >= this.element.duration) return false;
      const shown = new Promise<void>((resolve) => {
        this.#onNextFrame = resolve;
        window.setTimeout(resolve, STEP_TIMEOUT_MS);
        // If the seek is done and no other frame comes, it is still the same frame.
        const onSeeked = () => window.setTimeout(resolve, SAME_FRAME_MS);
        this.element.addEventListener("seeked", onSeeked, { once: true });
      });
      this.element.currentTime = targetS;
      await shown;
      if (Math.abs(this.#frameS - fromS) > 0.001) {
        this.#frameDurationS = Math.min(MAX_FRAME_S, Math.abs(this.#frameS - fromS));
        return true;
      }
      distanceS *= 1.6;
    }
  }

  /** Fetches what a load with `isSparing` left out. */
  fetchAll(): void {
    this.element.preload = "auto";
  }

  clear(): void {
    this.#giveWay();
    this.#camera = undefined;
    this.#minuteMs = undefined;
    this.element.removeAttribute("src");
    this.element.load();
    this.element.classList.remove("shown");
  }

  #watchFrames(): void {
    const { element } = this;
    if (!("requestVideoFrameCallback" in element)) {
      (element as HTMLVideoElement).addEventListener("timeupdate", () =>
        this.#frame((element as HTMLVideoElement).currentTime),
      );
      return;
    }
    const watch = (_now: number, frame: VideoFrameCallbackMetadata) => {
      // A frame that was displayed before the jump may be reported after it.
      const isOld = element.paused && Math.abs(frame.mediaTime - element.currentTime) > OLD_FRAME_S;
      if (!isOld) this.#frame(frame.mediaTime);
      element.requestVideoFrameCallback(watch);
    };
    element.requestVideoFrameCallback(watch);
  }

  #frame(mediaS: number): void {
    const apartS = mediaS - this.#frameS;
    const plausible = apartS > 1 / 130 && apartS < MAX_FRAME_S;
    // At up to normal speed every frame is shown, so the distance is a frame's duration.
    if (plausible && !this.element.paused && this.element.playbackRate <= 1) this.#frameDurationS = apartS;
    this.#frameS = mediaS;
    this.#onNextFrame();
    this.#listener.onFrame(this);
  }

  get #lastS(): number {
    return Math.max(0, this.element.duration - this.#frameDurationS / 2);
  }

  #giveWay(): void {
    this.#loaded.abort();
    this.#loaded = new AbortController();
    this.#isReady = false;
    this.#hasFailed = false;
  }

  async #prepare(url: string): Promise<boolean> {
    const { signal } = this.#loaded;
    const start = readCaptureStart(url, signal).catch(() => {
      if (!signal.aborted) this.#fail(NOT_FETCHED);
      return undefined;
    });
    const [isLoaded, startMs] = await Promise.all([this.#comes("loadedmetadata"), start]);
    if (!isLoaded || signal.aborted) return false;
    if (startMs !== undefined) this.#startMs = startMs;
    this.#isReady = true;
    return true;
  }

  /** Waits for an event of the minute's video; false when it failed or was replaced. */
  async #comes(name: "loadedmetadata" | "loadeddata" | "seeked"): Promise<boolean> {
    const { element } = this;
    const loaded = this.#loaded.signal;
    const waiting = new AbortController();
    const signal = AbortSignal.any([loaded, waiting.signal]);
    let idleS = 0;
    const timer = window.setInterval(() => {
      if (!document.hidden && ++idleS > MAX_IDLE_S) this.#fail(NOT_FETCHED);
    }, 1000);
    element.addEventListener("progress", () => (idleS = 0), { signal });
    await new Promise<void>((resolve) => {
      // The event of an earlier seek may still be on its way.
      const isOld = () => name === "seeked" && element.seeking;
      element.addEventListener(name, () => isOld() || resolve(), { signal });
      signal.addEventListener("abort", () => resolve());
    });
    window.clearInterval(timer);
    waiting.abort();
    return !loaded.aborted;
  }

  #onError(): void {
    if (this.#minuteMs === undefined) return; // cleared on purpose
    const code = this.element.error?.code;
    const network = code === MediaError.MEDIA_ERR_NETWORK || code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    this.#fail(network ? NOT_FETCHED : "This browser cannot play this minute's video.");
  }

  #fail(problem: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#isReady = false;
    this.#loaded.abort();
    this.#listener.onFailed(this, problem);
  }
}
