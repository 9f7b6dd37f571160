import { readFragmentTimes } from "./fragment-times.ts";
import type { StreamStart } from "./live-socket.ts";

/** How far behind the newest frame the picture should be: less makes it halt at every hiccup of the network. */
const TARGET_S = 0.15;
/** Further behind, the picture is played faster; far behind, it jumps. */
const FASTER_S = 0.4;
const JUMP_S = 0.9;
/** A jump decodes everything from the keyframe on, which takes time itself: no further one so soon. */
const JUMP_PAUSE_MS = 3000;
/** Outside of what there is there is no picture: a jump into it may be tried again so soon. */
const OUTSIDE_PAUSE_MS = 500;
const FASTER_RATE = 1.1;
const MUCH_FASTER_RATE = 1.5;
/** What was shown is kept for so long, and then thrown away a GOP at a time. */
const KEEP_S = 15;
/** Fragments that wait for the browser to take them: it hangs when there are so many. */
const MOST_QUEUED = 1500;

/** iOS has its own kind of MediaSource only. */
const Source: typeof MediaSource | undefined =
  (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? window.MediaSource;

/** Whether this browser plays a stream as it comes from the camera. */
export function canPlay(codec: string): boolean {
  return Source?.isTypeSupported(typeOf(codec)) === true;
}

function typeOf(codec: string): string {
  return `video/mp4; codecs="${codec}"`;
}

/** Plays fragments as they come (Media Source Extensions), close behind the newest. */
export class MsePlayer {
  readonly #video: HTMLVideoElement;
  readonly #onFailed: () => void;
  readonly #source: MediaSource;
  readonly #url: string;
  #buffer: SourceBuffer | undefined;
  #queue: ArrayBuffer[] = [];
  readonly #keyframesS: number[] = [];
  #jumpedMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  /** Throws when the browser has no MediaSource. `onFailed` is called once, when it cannot go on. */
  constructor(video: HTMLVideoElement, start: StreamStart, onFailed: () => void) {
    if (Source === undefined) throw new TypeError("this browser has no MediaSource");
    this.#video = video;
    this.#onFailed = onFailed;
    this.#source = new Source();
    this.#url = URL.createObjectURL(this.#source);
    this.#source.addEventListener("sourceopen", () => this.#open(start.codec), { once: true });
    video.disableRemotePlayback = true; // or iOS will not open it
    video.addEventListener("error", this.#failed);
    video.src = this.#url;
    video.play().catch(() => {}); // rejected when it is closed before it began; errors come as events
  }

  append(bytes: ArrayBuffer): void {
    if (this.#isOver) return;
    const times = readFragmentTimes(bytes);
    if (times?.isKeyframe === true) this.#keyframesS.push(times.decodeTimeS);
    this.#queue.push(bytes);
    if (this.#queue.length > MOST_QUEUED) this.#failed();
    else this.#feed();
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.#video.removeEventListener("error", this.#failed);
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#url);
  }

  readonly #failed = () => {
    if (this.#isOver) return;
    this.close();
    this.#onFailed();
  };

  #open(codec: string): void {
    if (this.#isOver) return;
    try {
      const buffer = this.#source.addSourceBuffer(typeOf(codec));
      buffer.addEventListener("updateend", () => {
        if (this.#isOver) return;
        this.#keepUp(buffer);
        this.#feed();
      });
      this.#buffer = buffer;
      this.#feed();
    } catch {
      this.#failed();
    }
  }

  /** Hands all that waits to the browser at once. */
  #feed(): void {
    const buffer = this.#buffer;
    if (buffer === undefined || buffer.updating || this.#source.readyState !== "open") return;
    try {
      if (this.#throwAway(buffer) || this.#queue.length === 0) return;
      const bytes = concatenate(this.#queue);
      this.#queue = [];
      buffer.appendBuffer(bytes);
    } catch {
      this.#failed();
    }
  }

  /** Removes what was shown long ago, whole GOPs only: what follows needs its keyframe. Returns whether it does. */
  #throwAway(buffer: SourceBuffer): boolean {
    const keyframes = this.#keyframesS;
    const limitS = this.#video.currentTime - KEEP_S;
    if (keyframes[1] === undefined || keyframes[1] > limitS) return false;
    while (keyframes[1] !== undefined && keyframes[1] <= limitS) keyframes.shift();
    buffer.remove(0, keyframes[0] as number);
    return true;
  }

  /** Stays close behind the newest frame. */
  #keepUp({ buffered }: SourceBuffer): void {
    if (buffered.length === 0) return;
    const video = this.#video;
    const last = buffered.length - 1;
    const endS = buffered.end(last);
    const behindS = endS - video.currentTime;
    const isOutside = video.currentTime < buffered.start(last);
    const nowMs = performance.now();
    // Who seeks to where nothing will come seeks for ever: only what is on its way is waited for.
    const isDue = isOutside
      ? nowMs - this.#jumpedMs > OUTSIDE_PAUSE_MS
      : behindS > JUMP_S && !video.seeking && nowMs - this.#jumpedMs > JUMP_PAUSE_MS;
    if (isDue) {
      this.#jumpedMs = nowMs;
      video.currentTime = Math.max(buffered.start(last), endS - TARGET_S);
    }
    const isFaster = behindS > FASTER_S || (video.playbackRate > 1 && behindS > 1.5 * TARGET_S);
    video.playbackRate = behindS > JUMP_S ? MUCH_FASTER_RATE : isFaster ? FASTER_RATE : 1;
    if (video.paused) video.play().catch(() => {});
  }
}

function concatenate(pieces: readonly ArrayBuffer[]): ArrayBuffer {
  if (pieces.length === 1) return pieces[0] as ArrayBuffer;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return whole.buffer;
}
