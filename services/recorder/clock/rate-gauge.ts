/** A camera's clock is judged by stretches of so long: network and batches may shift either end by a second. */
const STRETCH_US = 10_000_000;
/** So many stretches in a row must say the same before a clock is given up: a stall or a burst never does. */
const STRETCHES = 3;
/** No crystal is off by that much. */
const MAX_RATE_ERROR = 0.1;
/** Stretches agree when the rates they tell differ by no more. */
const MAX_DISAGREEMENT = 0.1;

/** How a camera's timestamps run that cannot be used. */
export interface WrongRate {
  /** 1 being right. */
  rate: number;
  /** The mean time between frames. */
  frameIntervalUs: number;
}

/**
 * Notices a camera whose RTP timestamps do not run at the rate that they should: that count milliseconds for 90 kHz
 * ticks, or stand still. Their intervals mean nothing then; what remains is how many frames come in how long.
 */
export class RateGauge {
  #startUs: number | undefined;
  #stretchUs = 0;
  #frames = 0;
  #frameCount = 0;
  readonly #rates: number[] = [];
  #rate: number | undefined;
  #elapsedUs = 0;

  /** @param known what an earlier session found; it holds until this one finds otherwise */
  constructor(known?: WrongRate) {
    if (known === undefined) return;
    this.#rate = known.rate;
    this.#elapsedUs = known.frameIntervalUs;
    this.#frameCount = 1;
  }

  /** What the next session of the camera is to know. */
  get verdict(): WrongRate | undefined {
    return this.#rate === undefined
      ? undefined
      : { rate: this.#rate, frameIntervalUs: this.#elapsedUs / this.#frameCount };
  }

  /** The rate of the camera's clock, 1 being right, when it is so wrong that its timestamps cannot be used. */
  get wrongRate(): number | undefined {
    return this.#rate;
  }

  /** The mean time between frames, µs, while the timestamps cannot be used. */
  get frameIntervalUs(): number | undefined {
    return this.#rate === undefined ? undefined : this.#elapsedUs / this.#frameCount;
  }

  /** A frame came whose timestamp is so much later than that of the one before. */
  frame(stepUs: number): void {
    this.#stretchUs += stepUs;
    this.#frames++;
  }

  /** What was told by `frame` has come by `nowUs` of a clock that is never set. Returns whether the verdict has changed. */
  observe(nowUs: number): boolean {
    if (this.#startUs === undefined) {
      this.#startUs = nowUs; // what has come by now was sent before
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
    return this.#rate; // in between nothing is decided
  }
}
