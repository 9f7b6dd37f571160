import type { CameraMemory } from "./camera-memory.ts";

/** While it shows other signs of life, a camera may pause for this many times its longest known pause. */
const MAX_PAUSE_FACTOR = 3;
/**
 * After this many sessions in a row that ended soon after their first video, the camera is assumed to send frames
 * rarely.
 */
const BRIEF_SESSIONS = 2;

/**
 * Distinguishes a camera that sends frames rarely (dynamic frame rate, as Axis cameras have) from one that has stalled.
 * Signs of life other than video are RTCP reports of its source and answers to keep-alives. The rule and its reasons
 * are in docs/cameras.md.
 */
export class Silence {
  readonly #stallTimeoutMs: number;
  readonly #memory: CameraMemory;
  #firstMs: number | undefined;
  #videoMs = 0;
  #reportMs = 0;

  constructor(stallTimeoutMs: number, memory: CameraMemory) {
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#memory = memory;
  }

  /** When the last video came, by performance.now(); 0 before the first. */
  get videoMs(): number {
    return this.#videoMs;
  }

  /** When the last RTCP report of the video's source came, by performance.now(); 0 before the first. */
  get reportMs(): number {
    return this.#reportMs;
  }

  /** Video came. */
  video(nowMs: number): void {
    if (this.#firstMs === undefined) this.#firstMs = nowMs;
    else if (nowMs - this.#videoMs > this.#stallTimeoutMs) {
      this.#memory.longestPauseMs = Math.max(this.#memory.longestPauseMs, nowMs - this.#videoMs);
    }
    this.#videoMs = nowMs;
  }

  /** An RTCP report of the video's source came. */
  report(nowMs: number): void {
    this.#reportMs = nowMs;
  }

  /** Interval at which to send keep-alives that show whether the camera is alive; undefined while it sends video. */
  questionIntervalMs(nowMs: number): number | undefined {
    const intervalMs = this.#stallTimeoutMs / 2;
    return this.#firstMs !== undefined && nowMs - this.#videoMs >= intervalMs ? intervalMs : undefined;
  }

  /** Whether the camera has stalled. @param answeredMs when it last answered a keep-alive */
  isStalled(nowMs: number, answeredMs: number | undefined): boolean {
    const pauseMs = nowMs - this.#videoMs;
    if (this.#firstMs === undefined || pauseMs <= this.#stallTimeoutMs) return false;
    const { longestPauseMs } = this.#memory;
    if (pauseMs > MAX_PAUSE_FACTOR * Math.max(this.#stallTimeoutMs, longestPauseMs)) return true;
    const signMs = Math.max(this.#reportMs, this.#isRare ? (answeredMs ?? 0) : 0);
    return nowMs - signMs > this.#stallTimeoutMs;
  }

  /** The session ends because the camera stalled: notes for the next one whether it may be a camera of rare frames. */
  stalled(answeredMs: number | undefined): void {
    const memory = this.#memory;
    const isBrief = this.#videoMs - (this.#firstMs ?? 0) <= this.#stallTimeoutMs;
    const isGuessed = this.#isRare && memory.longestPauseMs === 0;
    const hasAnswered = answeredMs !== undefined && answeredMs > this.#videoMs;
    memory.briefSessions = isBrief && hasAnswered && !isGuessed ? memory.briefSessions + 1 : 0;
  }

  /** Whether it is known, or likely, to send frames rarely: then its answers count as signs of life. */
  get #isRare(): boolean {
    return this.#memory.longestPauseMs > 0 || this.#memory.briefSessions >= BRIEF_SESSIONS;
  }
}
