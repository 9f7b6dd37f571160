/** Period over which a camera's clock is measured: network and batches may shift either end by a second. */
const STRETCH_US = 10_000_000;
/**
 * Number of periods in a row that must agree before timestamps are no longer used: after a stall or a burst they do
 * not.
 */
const STRETCHES = 3;
/** No crystal is off by this much. */
const MAX_RATE_ERROR = 0.1;
/** Periods agree when their rates differ by no more than this. */
const MAX_DISAGREEMENT = 0.1;

/** The rate of a camera's timestamps that cannot be used. */
export interface WrongRate {
  /** 1 is correct. */
  rate: number;
  /** The mean time between frames. */
  frameIntervalUs: number;
}

/**
 * Detects a camera whose RTP timestamps do not run at the declared rate: they count milliseconds instead of 90 kHz
 * ticks, or do not change. Their intervals are then meaningless; what remains is the number of frames per time.
 */
export class RateGauge {
  #startUs: number | undefined;
  #stretchUs = 0;
  #frames = 0;
  #frameCount = 0;
  readonly #rates: number[] = [];
  #rate: number | undefined;
  #elapsedUs = 0;

  /** @param known what an earlier session found; it applies until this one finds otherwise */
  constructor(known?: WrongRate) {
    if (known === undefined) return;
    this.#rate = known.rate;
    this.#elapsedUs = known.frameIntervalUs;
    this.#frameCount = 1;
  }

  /** The result, for the next session of the camera. */
  get verdict(): WrongRate | undefined {
    return this.#rate === undefined
      ? undefined
      : { rate: this.#rate, frameIntervalUs: this.#elapsedUs / this.#frameCount };
  }

  /** The rate of the camera's clock, 1 being correct, when it is so wrong that its timestamps cannot be used. */
  get wrongRate(): number | undefined {
    return this.#rate;
  }

  /** The mean time between frames, µs, while the timestamps cannot be used. */
  get frameIntervalUs(): number | undefined {
    return this.#rate === undefined ? undefined : this.#elapsedUs / this.#frameCount;
  }

  /** A frame came. @param stepUs its timestamp minus that of the frame before */
  frame(stepUs: number): void {
    this.#stretchUs += stepUs;
    this.#frames++;
  }

  /**
   * The frames passed to `frame` had arrived by `nowUs` of a monotonic clock. Returns whether the verdict has changed.
   */
  observe(nowUs: number): boolean {
    if (this.#startUs === undefined) {
      this.#startUs = nowUs; // what has arrived by now was sent earlier
      this.#stretchUs = this.#frames = 0;
    }
    const elapsedUs = nowUs - this.#startUs;
    if (elapsedUs < STRETCH_US || this.#frames === 0) return false;
    const before = this.#rate;
    this.#rates.push(this.#stretchUs / elapsedUs);
    if (this.#rates.length > STRETCHES) this.#rates.shift();
    this.#elapsedUs += elapsedUs;
    this.#frameCount += this.#frames;
    this.#startUs = nowUs;
    this.#stretchUs = this.#frames = 0;
    this.#rate = this.#verdict();
    if (before !== undefined && this.#rate === undefined) this.#elapsedUs = this.#frameCount = 0;
    return (before === undefined) !== (this.#rate === undefined);
  }

  #verdict(): number | undefined {
    if (this.#rates.length < STRETCHES) return this.#rate;
    const wrong = this.#rates.filter((rate) => Math.abs(rate - 1) > MAX_RATE_ERROR);
    if (wrong.length === 0) return undefined;
    const least = Math.min(...this.#rates);
    const most = Math.max(...this.#rates);
    const agree = most - least <= MAX_DISAGREEMENT * Math.max(1, Math.abs(most));
    if (wrong.length === STRETCHES && agree) return this.#rates.at(-1);
    return this.#rate; // in between the verdict does not change
  }
}
