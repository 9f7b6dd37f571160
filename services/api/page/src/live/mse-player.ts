import { readFragmentTimes } from "./fragment-times.ts";
import type { StreamStart } from "./live-socket.ts";

/**
 * How far the picture should be behind the newest frame: with less, it stalls whenever the network is slow for a
 * moment.
 */
const TARGET_S = 0.15;
/** From this far behind, playback is faster; from further behind, it jumps. */
const FASTER_S = 0.4;
const JUMP_S = 0.9;
/** Minimum time between jumps: a jump must decode everything since the keyframe, which takes time itself. */
const JUMP_PAUSE_MS = 3000;
/** The same where there is no picture because playback is outside the buffered range. */
const OUTSIDE_PAUSE_MS = 500;
const FASTER_RATE = 1.1;
const MUCH_FASTER_RATE = 1.5;
/** How long shown media is kept before it is removed, a GOP at a time. */
const KEEP_S = 15;
/** Maximum number of fragments that wait for the browser to take them: with more, we assume that it hangs. */
const MAX_QUEUED = 1500;

/** iOS has only its own kind of MediaSource. */
const Source: typeof MediaSource | undefined =
  (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? window.MediaSource;

/** Whether this browser can play the camera's stream unchanged. */
export function canPlay(codec: string): boolean {
  return Source?.isTypeSupported(typeOf(codec)) === true;
}

function typeOf(codec: string): string {
  return `video/mp4; codecs="${codec}"`;
}

/** Plays fragments as they arrive (Media Source Extensions), close behind the newest. */
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

  /** Throws when the browser has no MediaSource. `onFailed` is called once, when playback cannot continue. */
  constructor(video: HTMLVideoElement, start: StreamStart, onFailed: () => void) {
    if (Source === undefined) throw new TypeError("this browser has no MediaSource");
    this.#video = video;
    this.#onFailed = onFailed;
    this.#source = new Source();
    this.#url = URL.createObjectURL(this.#source);
    this.#source.addEventListener("sourceopen", () => this.#open(start.codec), { once: true });
    video.disableRemotePlayback = true; // required by iOS to open the source
    video.addEventListener("error", this.#failed);
    video.src = this.#url;
    video.play().catch(() => {}); // rejected when closed before it began; errors come as events
  }

  append(bytes: ArrayBuffer): void {
    if (this.#isOver) return;
    const times = readFragmentTimes(bytes);
    if (times?.isKeyframe === true) this.#keyframesS.push(times.decodeTimeS);
    this.#queue.push(bytes);
    if (this.#queue.length > MAX_QUEUED) this.#failed();
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

  /** Gives all queued fragments to the browser at once. */
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

  /**
   * Removes what was shown long ago, whole GOPs only: later frames need their keyframe. Returns whether it removes
   * anything.
   */
  #throwAway(buffer: SourceBuffer): boolean {
    const keyframes = this.#keyframesS;
    const limitS = this.#video.currentTime - KEEP_S;
    if (keyframes[1] === undefined || keyframes[1] > limitS) return false;
    while (keyframes[1] !== undefined && keyframes[1] <= limitS) keyframes.shift();
    buffer.remove(0, keyframes[0] as number);
    return true;
  }

  /** Keeps playback close behind the newest frame. */
  #keepUp({ buffered }: SourceBuffer): void {
    if (buffered.length === 0) return;
    const video = this.#video;
    const last = buffered.length - 1;
    const endS = buffered.end(last);
    const behindS = endS - video.currentTime;
    const isOutside = video.currentTime < buffered.start(last);
    const nowMs = performance.now();
    // A seek to a position that is never filled would never end, so it is repeated; one that waits for data on its way
    // is not.
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
