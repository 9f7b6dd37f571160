import { RateGauge, type WrongRate } from "./rate-gauge.ts";
import type { SystemClock } from "./system-clock.ts";

/** How fast capture times may be steered towards the wall clock: 500 ppm, half a millisecond a second. */
const MAX_SLEW = 500e-6;
/** When capture time and wall clock differ by more, the wall clock was stepped: the next keyframe is anchored anew. */
const MAX_ERROR_US = 1_000_000;
/** How long arrivals are watched before the first anchor: a camera that sends its cached GOP first arrives in a burst. */
const SETTLE_US = 500_000;
/** The least delayed packet of such a window tells where the camera's clock stands. */
const WINDOW_US = 10_000_000;
/** A timestamp that goes back further than frames are ever reordered: the camera's clock jumped. */
const MAX_REORDER_US = 1_000_000;
/** No decoder holds more frames back than this (H.264 A.3.1): a longer run of earlier times is no reordering. */
const MAX_REORDERED_FRAMES = 16;
/** A frame that arrives so much earlier than any before it could: the camera's clock jumped ahead. */
const MAX_EARLY_US = 2_000_000;
/** Before the first anchor frames do come early: a cached GOP of up to this length is sent in one burst. */
const MAX_CACHED_US = 60_000_000;
const TIMESTAMP_RANGE = 2 ** 32;

/**
 * Turns the RTP timestamps of a session into capture times: intervals from the camera's clock, the anchor from the wall
 * clock, steered gently. docs/time.md tells why.
 *
 * A packet arrives late by what the network and the camera's queue held it up, never early. So of the differences
 * "arrival − RTP time" in a window the smallest is nearest to the truth, and jitter never shows in the result.
 */
export class CaptureClock {
  readonly #clock: SystemClock;
  readonly #usPerTick: number;
  /** Unwrapping: the newest timestamp, and its time in µs on an axis that never wraps or jumps. */
  #lastTimestamp = -1;
  #lastRtpUs = 0;
  /** The latest time so far, and how many frames in a row were earlier. */
  #latestRtpUs = 0;
  #framesBehind = 0;
  readonly #rate: RateGauge;
  #firstArrivalUs = 0;
  /** Smallest arrival − RTP time of the window under way and of the one before it. */
  #windowStartUs = 0;
  #windowDelayUs = Number.POSITIVE_INFINITY;
  #previousDelayUs = Number.POSITIVE_INFINITY;
  /** Wall clock minus monotonic clock. */
  #wallOffsetUs = 0;
  /** Capture time = RTP time + offset, the offset being true at `#steeredUs` of RTP time. */
  #offsetUs: number | undefined;
  #steeredUs = 0;
  #hasJumped = false;
  #drift: { rtpUs: number; delayUs: number } | undefined;
  #driftPpm: number | undefined;

  /**
   * @param ticksPerSecond the RTP clock rate of the track
   * @param wrongRate what an earlier session found of the camera's timestamps, should they be unfit for use
   */
  constructor(clock: SystemClock, ticksPerSecond: number, wrongRate?: WrongRate) {
    this.#clock = clock;
    this.#rate = new RateGauge(wrongRate);
    this.#usPerTick = 1e6 / ticksPerSecond;
  }

  /** Whether enough was seen to tell capture times; `captureTimeUs` anchors the clock if need be. */
  get isSettled(): boolean {
    return this.#lastTimestamp !== -1 && this.#clock.monotonicUs() - this.#firstArrivalUs >= SETTLE_US;
  }

  /** Whether capture times no longer agree with the wall clock: the next keyframe should begin with `anchor()`. */
  get needsAnchor(): boolean {
    if (this.#offsetUs === undefined || this.#hasJumped) return true;
    return Math.abs(this.#targetUs() - this.#offsetUs) > MAX_ERROR_US;
  }

  /** Capture time minus monotonic clock where frames arrive without delay, µs: tells one anchor from another. */
  get wallOffsetUs(): number {
    return this.#wallOffsetUs;
  }

  /** How much faster the camera's clock runs than the host's, in parts per million; undefined in the first minute. */
  get driftPpm(): number | undefined {
    return this.#driftPpm;
  }

  /** How fast the camera's clock runs, 1 being right, when it is so wrong that times go by the count of frames instead. */
  get wrongRate(): number | undefined {
    return this.#rate.wrongRate;
  }

  /** The same, for the camera's next session. */
  get rateVerdict(): WrongRate | undefined {
    return this.#rate.verdict;
  }

  /**
   * Puts a frame's RTP timestamp on an axis of µs that never wraps or jumps. To be called for each frame in the order in
   * which they arrive.
   * @param isKeyframe whether the frame is a keyframe: all before it in this order come before it in time
   */
  unwrap(timestamp: number, isKeyframe: boolean): number {
    if (this.#lastTimestamp === -1) {
      this.#firstArrivalUs = this.#clock.monotonicUs();
    } else {
      const cameraStepUs = this.#ticksSinceLast(timestamp) * this.#usPerTick;
      this.#rate.frame(cameraStepUs);
      const stepUs = this.#rate.frameIntervalUs ?? cameraStepUs;
      this.#lastRtpUs = this.#isJump(stepUs, isKeyframe) ? this.#jump() : this.#lastRtpUs + stepUs;
    }
    this.#lastTimestamp = timestamp;
    this.#framesBehind = this.#lastRtpUs < this.#latestRtpUs ? this.#framesBehind + 1 : 0;
    this.#latestRtpUs = Math.max(this.#latestRtpUs, this.#lastRtpUs);
    return this.#lastRtpUs;
  }

  /** The frame unwrapped last came in just now. Nothing is known of when the others of a batch came. */
  observe(): void {
    if (this.#lastTimestamp === -1) return;
    const nowUs = this.#clock.monotonicUs();
    this.#wallOffsetUs = this.#clock.wallUs() - nowUs;
    // A window begins with its first arrival: one that a stall filled with late frames only would tell the wrong time.
    if (this.#windowDelayUs === Number.POSITIVE_INFINITY) this.#windowStartUs = nowUs;
    this.#windowDelayUs = Math.min(this.#windowDelayUs, nowUs - this.#lastRtpUs);
    if (nowUs - this.#windowStartUs >= WINDOW_US) this.#closeWindow();
    if (this.#rate.observe(nowUs)) this.#forgetArrivals();
  }

  /** Sets capture times by the wall clock as it is now. */
  anchor(): void {
    this.#offsetUs = this.#targetUs();
    this.#steeredUs = this.#lastRtpUs;
    this.#hasJumped = false;
  }

  /**
   * The capture time, µs since the Unix epoch, of a frame unwrapped a moment ago; to be asked for each frame in the order
   * in which they came. Anchors the clock at first use. Steers from frame to frame, so that no interval is ever more
   * than 500 ppm off, however many frames one read or one flush brought.
   */
  captureTimeUs(rtpUs: number): number {
    if (this.#offsetUs === undefined) this.anchor();
    else this.#steer(rtpUs);
    return Math.max(0, Math.round(rtpUs + (this.#offsetUs as number))); // a host without a clock begins in 1970
  }

  /** What `captureTimeUs` would say now, for live view; changes nothing. */
  peekCaptureTimeUs(rtpUs: number): number {
    return Math.max(0, Math.round(rtpUs + (this.#offsetUs ?? this.#targetUs())));
  }

  /**
   * The capture time of any timestamp near the newest frame's, µs since the Unix epoch, as `captureTimeUs` would tell it
   * now; undefined before the clock is anchored.
   */
  captureTimeOfTimestamp(timestamp: number): number | undefined {
    if (this.#offsetUs === undefined || this.#rate.wrongRate !== undefined) return undefined;
    return this.#lastRtpUs + this.#ticksSinceLast(timestamp) * this.#usPerTick + this.#offsetUs;
  }

  #isJump(stepUs: number, isKeyframe: boolean): boolean {
    if (stepUs < -MAX_REORDER_US) return true;
    const isBehind = this.#lastRtpUs + stepUs < this.#latestRtpUs;
    if (isBehind && (isKeyframe || this.#framesBehind >= MAX_REORDERED_FRAMES)) return true;
    const leastDelayUs = this.#leastDelayUs();
    // Right after a jump, or in the very first read, nothing is known of arrivals: only the step itself can be judged.
    if (!Number.isFinite(leastDelayUs)) return stepUs > MAX_CACHED_US;
    const earlyUs = leastDelayUs - (this.#clock.monotonicUs() - (this.#lastRtpUs + stepUs));
    return earlyUs > (this.#offsetUs === undefined ? MAX_CACHED_US : MAX_EARLY_US);
  }

  /** Goes on by arrival until the next keyframe is anchored. Returns the RTP time of the frame that just came. */
  #jump(): number {
    const leastDelayUs = this.#leastDelayUs();
    const arrivedUs = Number.isFinite(leastDelayUs) ? this.#clock.monotonicUs() - leastDelayUs : this.#latestRtpUs;
    this.#forgetArrivals();
    return Math.max(this.#latestRtpUs, arrivedUs);
  }

  /** The camera's clock is not what it was: what arrivals told of it is void, and the next keyframe is anchored anew. */
  #forgetArrivals(): void {
    this.#hasJumped = this.#offsetUs !== undefined;
    this.#windowDelayUs = this.#previousDelayUs = Number.POSITIVE_INFINITY;
    this.#drift = undefined;
    this.#driftPpm = undefined;
  }

  /** Ticks from the newest timestamp to this one, across the 32-bit wrap (RFC 3550 §5.1). */
  #ticksSinceLast(timestamp: number): number {
    const ahead = (timestamp - this.#lastTimestamp + TIMESTAMP_RANGE) % TIMESTAMP_RANGE;
    return ahead < TIMESTAMP_RANGE / 2 ? ahead : ahead - TIMESTAMP_RANGE;
  }

  #leastDelayUs(): number {
    return Math.min(this.#windowDelayUs, this.#previousDelayUs);
  }

  /** The offset that the arrivals speak for; the present one right after a jump, when nothing has arrived yet. */
  #targetUs(): number {
    const delayUs = this.#leastDelayUs();
    return Number.isFinite(delayUs) ? delayUs + this.#wallOffsetUs : (this.#offsetUs ?? this.#wallOffsetUs);
  }

  #closeWindow(): void {
    this.#measureDrift(this.#windowDelayUs);
    this.#previousDelayUs = this.#windowDelayUs;
    this.#windowDelayUs = Number.POSITIVE_INFINITY;
  }

  #measureDrift(delayUs: number): void {
    this.#drift ??= { rtpUs: this.#lastRtpUs, delayUs };
    const spanUs = this.#lastRtpUs - this.#drift.rtpUs;
    if (spanUs >= 6 * WINDOW_US) this.#driftPpm = ((this.#drift.delayUs - delayUs) / spanUs) * 1e6;
  }

  #steer(rtpUs: number): void {
    const spanUs = rtpUs - this.#steeredUs;
    if (spanUs <= 0) return; // B-frames: presentation times go back and forth
    const errorUs = this.#targetUs() - (this.#offsetUs as number);
    if (Math.abs(errorUs) <= MAX_ERROR_US) {
      const limitUs = spanUs * MAX_SLEW;
      this.#offsetUs = (this.#offsetUs as number) + Math.max(-limitUs, Math.min(limitUs, errorUs));
    }
    this.#steeredUs = rtpUs;
  }
}
