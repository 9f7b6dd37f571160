import { minuteUrl } from "../client/client.ts";
import { readCaptureStart } from "./capture-start.ts";

export interface MinuteVideoListener {
  onFrame(video: MinuteVideo): void;
  onEnded(video: MinuteVideo): void;
  onFailed(video: MinuteVideo, problem: string): void;
}

/** Shorter than any camera's, so that the first step leaves out no frame; each step and playing tell the true one. */
const FIRST_FRAME_S = 1 / 60;
const MOST_FRAME_S = 0.5;
/** A still picture further than this from where it was sought is not what was sought. */
const OLD_FRAME_S = 1;
const STEP_PATIENCE_MS = 700;
const SAME_FRAME_MS = 100;

/** A video element that shows one minute of one camera, and knows the capture time of the frame on show. */
export class MinuteVideo {
  readonly element: HTMLVideoElement;
  readonly #listener: MinuteVideoListener;
  #camera: string | undefined;
  #minuteMs: number | undefined;
  #startMs = 0;
  /** The media time of the frame on show, in seconds; more exact than `currentTime`. */
  #frameS = 0;
  /** The time between the last two frames that followed one another, in seconds. */
  #frameDurationS = FIRST_FRAME_S;
  #ready: Promise<boolean> = Promise.resolve(false);
  #onNextFrame: () => void = () => {};

  constructor(element: HTMLVideoElement, listener: MinuteVideoListener) {
    this.element = element;
    this.#listener = listener;
    element.addEventListener("ended", () => listener.onEnded(this));
    element.addEventListener("error", () => this.#failed());
    this.#watchFrames();
  }

  get camera(): string | undefined {
    return this.#camera;
  }

  /** The start of the minute that the file is named for, ms since the Unix epoch. */
  get minuteMs(): number | undefined {
    return this.#minuteMs;
  }

  /** The capture time of the first frame; the start of the minute until, or unless, the file tells it. */
  get startMs(): number {
    return this.#startMs;
  }

  /** The capture time of the frame on show. */
  get timeMs(): number {
    return this.#startMs + this.#frameS * 1000;
  }

  /** The capture time that playing has come to: between the frame on show and the next. */
  get currentMs(): number {
    return this.#startMs + this.element.currentTime * 1000;
  }

  /** The capture time at which the minute's video ends; its start until that is known. */
  get endMs(): number {
    const { duration } = this.element;
    return this.#startMs + (Number.isFinite(duration) ? duration * 1000 : 0);
  }

  get isBroken(): boolean {
    return this.element.error !== null;
  }

  /** Whether it shows this minute, or is on the way to. */
  has(camera: string, minuteMs: number): boolean {
    return this.#camera === camera && this.#minuteMs === minuteMs && !this.isBroken;
  }

  /**
   * With `isSparing` only what tells of the video is fetched until it plays: a connection that waits with the rest of a
   * minute would be one of the six that a browser has.
   */
  load(camera: string, minuteMs: number, isSparing = false): void {
    this.#camera = camera;
    this.#minuteMs = minuteMs;
    this.#startMs = minuteMs;
    this.#frameS = 0;
    const { element } = this;
    element.preload = isSparing ? "metadata" : "auto";
    const url = minuteUrl(camera, minuteMs);
    element.src = url;
    const metadata = new Promise<boolean>((resolve) => {
      const settle = () => {
        for (const name of ["loadedmetadata", "error", "emptied"]) element.removeEventListener(name, settle);
        resolve(this.#minuteMs === minuteMs && element.readyState >= HTMLMediaElement.HAVE_METADATA);
      };
      // `emptied` of the former source may still be on its way: listen from the next task on.
      window.setTimeout(() => {
        for (const name of ["loadedmetadata", "error", "emptied"]) element.addEventListener(name, settle);
        if (element.readyState >= HTMLMediaElement.HAVE_METADATA || element.error !== null) settle();
      });
    });
    this.#ready = Promise.all([metadata, readCaptureStart(url)]).then(([loaded, startMs]) => {
      if (loaded && startMs !== undefined && this.#camera === camera) this.#startMs = startMs;
      return loaded && this.#minuteMs === minuteMs && this.#camera === camera;
    });
  }

  /** Whether the minute can be sought in; false when it failed or another was loaded meanwhile. */
  ready(): Promise<boolean> {
    return this.#ready;
  }

  /** Shows the frame of a capture time, or the first or last one. Resolves when it is on show, or after a while. */
  async seek(timeMs: number): Promise<void> {
    const { element } = this;
    const lastS = Math.max(0, element.duration - this.#frameDurationS / 2);
    const targetS = Math.min(lastS, Math.max(0, (timeMs - this.#startMs) / 1000));
    this.#frameS = targetS;
    if (Math.abs(element.currentTime - targetS) < 0.001 && element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA)
      return;
    await new Promise<void>((resolve) => {
      const patience = window.setTimeout(resolve, 4000);
      const settle = () => {
        window.clearTimeout(patience);
        this.#listener.onFrame(this); // the callback of the frame itself may be missed
        resolve();
      };
      element.addEventListener(targetS === element.currentTime ? "loadeddata" : "seeked", settle, { once: true });
      if (targetS !== element.currentTime) element.currentTime = targetS;
      else if (element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) settle();
    });
  }

  play(speed: number): void {
    this.setSpeed(speed);
    // Rejected when it is paused or loaded anew before it began: nothing to do then. Errors come as events.
    this.element.play().catch(() => {});
  }

  pause(): void {
    this.element.pause();
  }

  setSpeed(speed: number): void {
    this.element.defaultPlaybackRate = speed;
    this.element.playbackRate = speed;
  }

  /** Shows the next (1) or previous (-1) frame; false when it lies in another minute. */
  async step(direction: 1 | -1): Promise<boolean> {
    const fromS = this.#frameS;
    // A moment before its start lies in the previous frame. How far it is to the next is known only by getting there.
    let distanceS = direction === 1 ? 1.5 * this.#frameDurationS : -0.5 * this.#frameDurationS;
    for (;;) {
      const targetS = fromS + distanceS;
      if (targetS < 0 || targetS >= this.element.duration) return false;
      const shown = new Promise<void>((resolve) => {
        this.#onNextFrame = resolve;
        window.setTimeout(resolve, STEP_PATIENCE_MS);
        // Sought, and no other frame comes: it is still the same.
        const onSeeked = () => window.setTimeout(resolve, SAME_FRAME_MS);
        this.element.addEventListener("seeked", onSeeked, { once: true });
      });
      this.element.currentTime = targetS;
      await shown;
      if (Math.abs(this.#frameS - fromS) > 0.001) {
        this.#frameDurationS = Math.min(MOST_FRAME_S, Math.abs(this.#frameS - fromS));
        return true;
      }
      distanceS *= 1.6;
    }
  }

  /** Fetches what a sparing load has left. */
  fetchAll(): void {
    this.element.preload = "auto";
  }

  clear(): void {
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
      // One that was on show before the jump may be told of after it.
      const isOld = element.paused && Math.abs(frame.mediaTime - element.currentTime) > OLD_FRAME_S;
      if (!isOld) this.#frame(frame.mediaTime);
      element.requestVideoFrameCallback(watch);
    };
    element.requestVideoFrameCallback(watch);
  }

  #frame(mediaS: number): void {
    const apartS = mediaS - this.#frameS;
    const plausible = apartS > 1 / 130 && apartS < MOST_FRAME_S;
    // While playing at normal speed every frame is shown, and the distance is a frame's duration.
    if (plausible && !this.element.paused && this.element.playbackRate <= 1) this.#frameDurationS = apartS;
    this.#frameS = mediaS;
    this.#onNextFrame();
    this.#listener.onFrame(this);
  }

  #failed(): void {
    if (this.#minuteMs === undefined) return; // cleared on purpose
    const { error } = this.element;
    const network =
      error?.code === MediaError.MEDIA_ERR_NETWORK || error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    this.#listener.onFailed(
      this,
      network ? "This minute could not be fetched." : "This browser cannot play this minute's video.",
    );
  }
}
