/**
 * A larger step ahead is a restart of the numbering; a smaller step back than MAX_MISORDER a late packet (RFC 3550
 * §A.1).
 */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const SEQUENCE_RANGE = 0x1_0000;
const TIMESTAMP_RANGE = 2 ** 32;
const MIN_CUMULATIVE_LOST = -0x80_0000;
const MAX_CUMULATIVE_LOST = 0x7f_ffff;

/** A source's losses, as in a receiver report. */
export interface Losses {
  fractionLost: number;
  cumulativeLost: number;
}

/**
 * Counts the packets of one source, before they are reordered: RFC 3550 §A.1, §A.3 and §A.8. As there, a duplicate
 * counts as received, so that the losses may be negative.
 */
export class Reception {
  #base = -1;
  /** The highest number, 16 bits, and how often it wrapped. */
  #highest = 0;
  #cycles = 0;
  /** The number expected after an implausible one: if it comes, the source has restarted its numbering. */
  #strange = -1;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit: number | undefined;
  #jitter = 0;

  /** Extended highest sequence number, 32 bits. */
  get highestSequence(): number {
    return (this.#cycles % SEQUENCE_RANGE) * SEQUENCE_RANGE + this.#highest;
  }

  /** Interarrival jitter, in timestamp units. */
  get jitter(): number {
    return Math.floor(this.#jitter);
  }

  /**
   * Takes a packet.
   * @param arrival when it came, in timestamp units; undefined when that says nothing about the network
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

  /** The losses; the fraction is of the time since the last call. */
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

  /** Whether the number continues the current numbering. */
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
