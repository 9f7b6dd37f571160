/**
 * A larger step ahead than this is a source that counts anew, and up to so many steps back a late packet (RFC 3550
 * §A.1).
 */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const SEQUENCE_RANGE = 0x1_0000;
const TIMESTAMP_RANGE = 2 ** 32;
const MIN_CUMULATIVE_LOST = -0x80_0000;
const MAX_CUMULATIVE_LOST = 0x7f_ffff;

/** What a source lost, as a receiver report tells it. */
export interface Losses {
  fractionLost: number;
  cumulativeLost: number;
}

/**
 * Counts what came of one source, before anything is put in order: RFC 3550 §A.1, §A.3 and §A.8. As there, a doubled
 * packet counts as received, so that losses may be below zero.
 */
export class Reception {
  #base = -1;
  /** The highest number, 16 bits, and how often it wrapped. */
  #highest = 0;
  #cycles = 0;
  /** The number after one that is far off: two in a row are a new beginning. */
  #strange = -1;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit: number | undefined;
  #jitter = 0;

  /** Highest number with the wraps above it, 32 bits. */
  get highestSequence(): number {
    return (this.#cycles % SEQUENCE_RANGE) * SEQUENCE_RANGE + this.#highest;
  }

  /** Interarrival jitter, in timestamp units. */
  get jitter(): number {
    return Math.floor(this.#jitter);
  }

  /**
   * Takes a packet.
   * @param arrival when it came, in timestamp units; undefined when that tells nothing
   */
  take(sequenceNumber: number, timestamp: number, arrival?: number): void {
    if (!this.#follows(sequenceNumber)) return;
    this.#received++;
    if (arrival === undefined) return;
    const transit = (((arrival - timestamp) % TIMESTAMP_RANGE) + TIMESTAMP_RANGE) % TIMESTAMP_RANGE;
    if (this.#transit !== undefined) {
      const difference = Math.abs(transit - this.#transit);
      this.#jitter += (Math.min(difference, TIMESTAMP_RANGE - difference) - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** What was lost; the fraction is of the time since this was last called. */
  report(): Losses {
    const expected = this.#base === -1 ? 0 : this.#cycles * SEQUENCE_RANGE + this.#highest - this.#base + 1;
    const lost = expected - this.#received;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    return {
      fractionLost: expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: Math.min(MAX_CUMULATIVE_LOST, Math.max(MIN_CUMULATIVE_LOST, lost)),
    };
  }

  /** Whether the number belongs to the run that is counted. */
  #follows(sequenceNumber: number): boolean {
    if (this.#base === -1) {
      this.#begin(sequenceNumber);
      return true;
    }
    const ahead = (sequenceNumber - this.#highest) & 0xffff;
    if (ahead < MAX_DROPOUT) {
      if (sequenceNumber < this.#highest) this.#cycles++;
      this.#highest = sequenceNumber;
    } else if (ahead <= SEQUENCE_RANGE - MAX_MISORDER) {
      if (sequenceNumber !== this.#strange) {
        this.#strange = (sequenceNumber + 1) & 0xffff;
        return false;
      }
      this.#begin(sequenceNumber);
    }
    this.#strange = -1;
    return true;
  }

  #begin(sequenceNumber: number): void {
    this.#base = this.#highest = sequenceNumber;
    this.#cycles = this.#received = this.#expectedBefore = this.#receivedBefore = 0;
  }
}
