/** Maximum step back of a late or duplicate packet (MAX_MISORDER of RFC 3550 §A.1). */
const MAX_LATE_PACKETS = 100;
/** A larger step either way is not loss: the camera restarted its numbering (MAX_DROPOUT). */
const MAX_LOST_PACKETS = 3000;
/** Number of packets whose timestamps are remembered: a power of two above MAX_LATE_PACKETS. */
const REMEMBERED_PACKETS = 128;
/** Stands for the timestamp of a packet that did not come. */
const NONE = -1;

/** Follows the 16-bit sequence numbers of a stream (RFC 3550 §A.1). */
export class SequenceTracker {
  #next = -1;
  #ssrc = 0;
  /** Indexed by the lower bits of the sequence number. */
  readonly #timestamps = new Float64Array(REMEMBERED_PACKETS).fill(NONE);

  /**
   * Takes a packet's number. Returns how many packets were lost before it, or -1 when it comes too late (or again) and
   * must be ignored. A changed SSRC is a new stream, of which nothing is known to be lost: 0. When the camera restarted
   * its numbering it is 1: at least the current unit is incomplete.
   *
   * A small step back is a restart, too, when the packet's timestamp differs from that of the packet that had its
   * number: a duplicate would have the same. Over TCP nothing is late, and over UDP packets have been reordered before.
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
