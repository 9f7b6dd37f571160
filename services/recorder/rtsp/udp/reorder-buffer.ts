/** How many packets, how many bytes, and for how long, may wait for a missing packet. */
export interface ReorderLimits {
  /** A power of two. */
  packets: number;
  bytes: number;
  ms: number;
}

/** A larger step ahead is not loss: the source restarted its numbering (MAX_DROPOUT, RFC 3550 §A.1). */
const MAX_DROPOUT = 3000;
/** How many numbers before that of the first packet are still accepted after it. */
const HEAD_START = 16;
const RTP_HEADER_BYTES = 12;

/**
 * Puts the RTP packets of one stream into the order of their sequence numbers. Packets in order are delivered at once.
 * After a missing packet the others wait until it comes, or is given up because too much waits or for too long.
 * Duplicates, and packets that were given up, are dropped. Packets are not copied: the caller must not use them any
 * longer.
 */
export class ReorderBuffer {
  readonly #limits: ReorderLimits;
  readonly #deliver: (packet: Buffer) => void;
  readonly #packets: (Buffer | undefined)[];
  readonly #arrivals: Float64Array;
  /** The next expected number; -1 before the first packet. */
  #next = -1;
  #ssrc = 0;
  #waiting = 0;
  #waitingBytes = 0;
  /** When the first of the waiting packets came. */
  #waitingSinceMs = 0;
  /** A packet with an implausible number: if the next one follows it, the source has restarted its numbering. */
  #strange: Buffer | undefined;

  /** @param deliver is called with each packet, in order */
  constructor(limits: ReorderLimits, deliver: (packet: Buffer) => void) {
    this.#limits = limits;
    this.#deliver = deliver;
    this.#packets = new Array(limits.packets).fill(undefined);
    this.#arrivals = new Float64Array(limits.packets);
  }

  /** How many packets wait. */
  get waiting(): number {
    return this.#waiting;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a packet that came at `nowMs`, by performance.now(); one shorter than an RTP header is dropped. */
  push(packet: Buffer, nowMs: number): void {
    if (packet.length < RTP_HEADER_BYTES) return;
    const sequenceNumber = packet.readUInt16BE(2);
    const ssrc = packet.readUInt32BE(8);
    if (this.#next === -1 || ssrc !== this.#ssrc) {
      this.#beginAt(sequenceNumber);
      this.#ssrc = ssrc;
    }
    const ahead = (sequenceNumber - this.#next) & 0xffff;
    if (ahead < MAX_DROPOUT) this.#take(packet, sequenceNumber, nowMs);
    else if (ahead < 0x1_0000 - this.#limits.packets) this.#takeStrange(packet, sequenceNumber, nowMs);
  }

  /**
   * Gives up packets that were waited for too long. To be called regularly, after everything received was pushed: after
   * a pause of this process the missing packet may be the next in the kernel's buffer.
   */
  tick(nowMs: number): void {
    while (this.#waiting > 0 && nowMs - this.#waitingSinceMs >= this.#limits.ms) this.#giveUp();
  }

  /** The stream is over: delivers what waits. */
  flush(): void {
    while (this.#waiting > 0) this.#giveUp();
  }

  #take(packet: Buffer, sequenceNumber: number, nowMs: number): void {
    this.#strange = undefined;
    const { packets, bytes } = this.#limits;
    while (this.#waiting > 0 && ((sequenceNumber - this.#next) & 0xffff) >= packets) this.#giveUp();
    const ahead = (sequenceNumber - this.#next) & 0xffff;
    if (ahead >= packets) this.#next = (sequenceNumber - HEAD_START) & 0xffff;
    if (sequenceNumber === this.#next) {
      this.#next = (sequenceNumber + 1) & 0xffff;
      this.#deliver(packet);
      this.#drain();
      return;
    }
    const slot = sequenceNumber & (packets - 1);
    if (this.#packets[slot] !== undefined) return;
    this.#packets[slot] = packet;
    this.#arrivals[slot] = nowMs;
    if (this.#waiting++ === 0) this.#waitingSinceMs = nowMs;
    this.#waitingBytes += packet.length;
    while (this.#waitingBytes > bytes) this.#giveUp();
  }

  #takeStrange(packet: Buffer, sequenceNumber: number, nowMs: number): void {
    const before = this.#strange;
    this.#strange = packet;
    if (before === undefined || ((before.readUInt16BE(2) + 1) & 0xffff) !== sequenceNumber) return;
    this.#beginAt(before.readUInt16BE(2));
    this.#take(before, before.readUInt16BE(2), nowMs);
    this.#take(packet, sequenceNumber, nowMs);
  }

  #beginAt(sequenceNumber: number): void {
    this.flush();
    this.#next = (sequenceNumber - HEAD_START) & 0xffff;
  }

  /** Continues after the missing packets. */
  #giveUp(): void {
    const mask = this.#limits.packets - 1;
    while (this.#packets[this.#next & mask] === undefined) this.#next = (this.#next + 1) & 0xffff;
    this.#drain();
  }

  /** Delivers the packets that only waited for `#next`. */
  #drain(): void {
    if (this.#waiting === 0) return;
    const mask = this.#limits.packets - 1;
    for (;;) {
      const slot = this.#next & mask;
      const packet = this.#packets[slot];
      if (packet === undefined) break;
      this.#packets[slot] = undefined;
      this.#waiting--;
      this.#waitingBytes -= packet.length;
      this.#next = (this.#next + 1) & 0xffff;
      this.#deliver(packet);
    }
    if (this.#waiting > 0) this.#waitingSinceMs = this.#oldestArrivalMs();
  }

  #oldestArrivalMs(): number {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#packets.length; slot++) {
      if (this.#packets[slot] !== undefined) oldestMs = Math.min(oldestMs, this.#arrivals[slot] as number);
    }
    return oldestMs;
  }
}
