/** A step back of up to so many packets may be a late or doubled packet (MAX_MISORDER of RFC 3550 §A.1). */
const MAX_LATE_PACKETS = 100;
/** A larger step either way than this is no loss but a camera that began to count anew (MAX_DROPOUT). */
const MAX_LOST_PACKETS = 3000;
/** Timestamps of so many packets are remembered: a power of two above MAX_LATE_PACKETS. */
const REMEMBERED_PACKETS = 128;
/** In place of the timestamp of a packet that did not come. */
const NONE = -1;

/** Follows the 16-bit sequence numbers of a stream (RFC 3550 §A.1). */
export class SequenceTracker {
  #next = -1;
  #ssrc = 0;
  /** By the lower bits of their numbers. */
  readonly #timestamps = new Float64Array(REMEMBERED_PACKETS).fill(NONE);

  /**
   * Takes a packet's number. Returns how many packets were lost before it, or -1 when it comes too late (or again) and
   * must be left out. A changed SSRC is a new beginning: nothing can be told lost. Of a camera that began to count anew
   * it is 1: at least what was under way is not whole.
   *
   * A small step back is a new count, too, when the packet has another timestamp than the one that came under its
   * number: the same packet would have the same. Over TCP nothing is late, and over UDP packets are put in order
   * before.
   */
  take(sequenceNumber: number, ssrc: number, timestamp: number): number {
    if (this.#next === -1 || ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      return this.#restart(sequenceNumber, timestamp, 0);
    }
    const ahead = (sequenceNumber - this.#next) & 0xffff;
    if (ahead === 0) {
      this.#next = (sequenceNumber + 1) & 0xffff;
      this.#timestamps[sequenceNumber % REMEMBERED_PACKETS] = timestamp;
      return 0;
    }
    if (ahead >= 0x1_0000 - MAX_LATE_PACKETS) {
      const known = this.#timestamps[sequenceNumber % REMEMBERED_PACKETS];
      return known === NONE || known === timestamp ? -1 : this.#restart(sequenceNumber, timestamp, 1);
    }
    if (ahead > MAX_LOST_PACKETS) return this.#restart(sequenceNumber, timestamp, 1);
    for (let n = 1; n <= Math.min(ahead, REMEMBERED_PACKETS); n++) {
      this.#timestamps[(sequenceNumber - n) & (REMEMBERED_PACKETS - 1)] = NONE;
    }
    this.#next = (sequenceNumber + 1) & 0xffff;
    this.#timestamps[sequenceNumber % REMEMBERED_PACKETS] = timestamp;
    return ahead;
  }

  #restart(sequenceNumber: number, timestamp: number, lost: number): number {
    this.#timestamps.fill(NONE);
    this.#next = (sequenceNumber + 1) & 0xffff;
    this.#timestamps[sequenceNumber % REMEMBERED_PACKETS] = timestamp;
    return lost;
  }
}
