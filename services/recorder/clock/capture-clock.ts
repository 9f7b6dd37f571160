import { RateGauge, type WrongRate } from "./rate-gauge.ts";
import type { SystemClock } from "./system-clock.ts";

/** How fast capture times may be steered towards the wall clock: 500 ppm, half a millisecond a second. */
const MAX_SLEW = 500e-6;
/** When capture time and wall clock differ by more, the wall clock was stepped: the next keyframe is anchored again. */
const MAX_ERROR_US = 1_000_000;
/** How long arrivals are observed before the first anchor: a camera may first send a cached GOP in a burst. */
const SETTLE_US = 500_000;
/** Window of which the least delayed packet gives the position of the camera's clock. */
const WINDOW_US = 10_000_000;
/** A timestamp that goes back further than this is no reordering: the camera's clock jumped. */
const MAX_REORDER_US = 1_000_000;
/** Maximum number of frames that a decoder reorders (H.264 A.3.1): a longer run of earlier times is no reordering. */
const MAX_REORDERED_FRAMES = 16;
/** A frame that arrives earlier than the clock allows by more than this: the camera's clock jumped ahead. */
const MAX_EARLY_US = 2_000_000;
/** The same before the first anchor, when a cached GOP of up to this length may come in one burst. */
const MAX_CACHED_US = 60_000_000;
const TIMESTAMP_RANGE = 2 ** 32;

/**
 * Converts the RTP timestamps of a session to capture times: intervals by the camera's clock, anchored to the wall
 * clock and slowly steered towards it. The reasons are in docs/time.md.
 *
 * A packet is delayed by the network and the camera's queue, but never early. So the smallest difference "arrival − RTP
 * time" of a window is the most accurate, and jitter does not affect the result.
 */
export class CaptureClock {
  readonly #clock: SystemClock;
  readonly #usPerTick: number;
  /** Unwrapping: the newest timestamp, and its time in µs on an axis that never wraps or jumps. */
  #lastTimestamp = -1;
  #lastRtpUs = 0;
  /** The latest time so far, and how many frames in a row since then were earlier. */
  #latestRtpUs = 0;
  #framesBehind = 0;
  readonly #rate: RateGauge;
  #firstArrivalUs = 0;
  /** Smallest arrival − RTP time of the current window and of the one before it. */
  #windowStartUs = 0;
  #windowDelayUs = Number.POSITIVE_INFINITY;
  #previousDelayUs = Number.POSITIVE_INFINITY;
  /** Wall clock minus monotonic clock. */
  #wallOffsetUs = 0;
  /** Capture time = RTP time + offset; the offset is exact at RTP time `#steeredUs`. */
  #offsetUs: number | undefined;
  #steeredUs = 0;
  #hasJumped = false;
  #drift: { rtpUs: number; delayUs: number } | undefined;
  #driftPpm: number | undefined;

  /**
   * @param ticksPerSecond the RTP clock rate of the track
   * @param wrongRate the rate that an earlier session measured, when the camera's timestamps cannot be used
   */
  constructor(clock: SystemClock, ticksPerSecond: number, wrongRate?: WrongRate) {
    this.#clock = clock;
    this.#rate = new RateGauge(wrongRate);
    this.#usPerTick = 1e6 / ticksPerSecond;
  }

  /**
   * Whether arrivals were observed long enough to give capture times; `captureTimeUs` anchors the clock if necessary.
   */
  get isSettled(): boolean {
    return this.#lastTimestamp !== -1 && this.#clock.monotonicUs() - this.#firstArrivalUs >= SETTLE_US;
  }

  /** Whether capture times no longer agree with the wall clock: the next keyframe should begin with `anchor()`. */
  get needsAnchor(): boolean {
    if (this.#offsetUs === undefined || this.#hasJumped) return true;
    return Math.abs(this.#targetUs() - this.#offsetUs) > MAX_ERROR_US;
  }

  /** Capture time minus monotonic clock for frames that arrive without delay, µs: distinguishes anchors. */
  get wallOffsetUs(): number {
    return this.#wallOffsetUs;
  }

  /** How much faster the camera's clock runs than the host's, in parts per million; undefined in the first minute. */
  get driftPpm(): number | undefined {
    return this.#driftPpm;
  }

  /**
   * Rate of the camera's clock, 1 being correct, when it is so wrong that frames are counted instead; else undefined.
   */
  get wrongRate(): number | undefined {
    return this.#rate.wrongRate;
  }

  /** The same in the form that the camera's next session takes. */
  get rateVerdict(): WrongRate | undefined {
    return this.#rate.verdict;
  }

  /**
   * Converts a frame's RTP timestamp to an axis in µs that never wraps or jumps. To be called for each frame in order
   * of arrival.
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

  /** The frame unwrapped last arrived just now. When the others of a batch arrived is not known. */
  observe(): void {
    if (this.#lastTimestamp === -1) return;
    const nowUs = this.#clock.monotonicUs();
    this.#wallOffsetUs = this.#clock.wallUs() - nowUs;
    // A window begins with its first arrival: after a stall it would otherwise contain only late frames.
    if (this.#windowDelayUs === Number.POSITIVE_INFINITY) this.#windowStartUs = nowUs;
    this.#windowDelayUs = Math.min(this.#windowDelayUs, nowUs - this.#lastRtpUs);
    if (nowUs - this.#windowStartUs >= WINDOW_US) this.#closeWindow();
    if (this.#rate.observe(nowUs)) this.#forgetArrivals();
  }

  /** Sets capture times by the current wall clock. */
  anchor(): void {
    this.#offsetUs = this.#targetUs();
    this.#steeredUs = this.#lastRtpUs;
    this.#hasJumped = false;
  }

  /**
   * The capture time, µs since the Unix epoch, of a recently unwrapped frame; to be called for each frame in order of
   * arrival. Anchors the clock at first use. Steers from frame to frame, so that no interval is ever off by more than
   * 500 ppm, however many frames one read or one flush brought.
   */
  captureTimeUs(rtpUs: number): number {
    if (this.#offsetUs === undefined) this.anchor();
    else this.#steer(rtpUs);
    return Math.max(0, Math.round(rtpUs + (this.#offsetUs as number))); // a host without a clock starts in 1970
  }

  /** What `captureTimeUs` would return now, for live view; changes nothing. */
  peekCaptureTimeUs(rtpUs: number): number {
    return Math.max(0, Math.round(rtpUs + (this.#offsetUs ?? this.#targetUs())));
  }

  /**
   * The capture time, µs since the Unix epoch, of any timestamp near the newest frame's, as `captureTimeUs` would
   * return it now; undefined before the clock is anchored, and while the timestamps cannot be used.
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
    // Right after a jump, or in the first read, no arrival is known: only the step itself can be judged.
    if (!Number.isFinite(leastDelayUs)) return stepUs > MAX_CACHED_US;
    const earlyUs = leastDelayUs - (this.#clock.monotonicUs() - (this.#lastRtpUs + stepUs));
    return earlyUs > (this.#offsetUs === undefined ? MAX_CACHED_US : MAX_EARLY_US);
  }

  /**
   * Continues by arrival times until the next keyframe is anchored. Returns the RTP time of the frame that just came.
   */
  #jump(): number {
    const leastDelayUs = this.#leastDelayUs();
    const arrivedUs = Number.isFinite(leastDelayUs) ? this.#clock.monotonicUs() - leastDelayUs : this.#latestRtpUs;
    this.#forgetArrivals();
    return Math.max(this.#latestRtpUs, arrivedUs);
  }

  /**
   * The camera's clock has jumped: earlier arrivals say nothing about it any longer, and the next keyframe is anchored
   * again.
   */
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

  /** The offset by the arrivals; the current one right after a jump, when nothing has arrived yet. */
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
