/** A step back of up to so many packets is a late or doubled packet (MAX_MISORDER of RFC 3550 §A.1). */
const MAX_LATE_PACKETS = 100;
/** A larger step either way than this is no loss but a camera that began to count anew (MAX_DROPOUT). */
const MAX_LOST_PACKETS = 3000;

/** Follows the 16-bit sequence numbers of a stream (RFC 3550 §A.1). */
export class SequenceTracker {
  #next = -1;
  #ssrc = 0;

  /**
   * Takes a packet's number. Returns how many packets were lost before it, or -1 when it comes too late (or again) and
   * must be left out. A changed SSRC is a new beginning: nothing can be told lost. Of a camera that began to count anew
   * it is 1: at least what was under way is not whole.
   */
  take(sequenceNumber: number, ssrc: number): number {
    if (this.#next === -1 || ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#next = (sequenceNumber + 1) & 0xffff;
      return 0;
    }
    const ahead = (sequenceNumber - this.#next) & 0xffff;
    if (ahead >= 0x1_0000 - MAX_LATE_PACKETS) return -1;
    this.#next = (sequenceNumber + 1) & 0xffff;
    return ahead <= MAX_LOST_PACKETS ? ahead : 1;
  }
}
