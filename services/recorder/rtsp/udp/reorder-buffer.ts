/** How much may wait for a missing packet. */
export interface ReorderLimits {
  /** A power of two. */
  packets: number;
  bytes: number;
  ms: number;
}

/** A larger step ahead is no loss but a source that counts anew (MAX_DROPOUT, RFC 3550 §A.1). */
const MAX_DROPOUT = 3000;
/** So many numbers before the first packet may still come after it. */
const HEAD_START = 16;
const RTP_HEADER_BYTES = 12;

/**
 * Puts the RTP packets of one stream into the order of their sequence numbers. What comes in order passes at once;
 * behind a missing packet the others wait until it has come, or is given up because too much waits or for too long.
 * Doubled packets, and those that were given up, are dropped. It takes the packets as they are, without a copy: the
 * caller lets go of them.
 */
export class ReorderBuffer {
  readonly #limits: ReorderLimits;
  readonly #deliver: (packet: Buffer) => void;
  readonly #packets: (Buffer | undefined)[];
  readonly #arrivals: Float64Array;
  /** The number that is waited for; -1 before the first packet. */
  #next = -1;
  #ssrc = 0;
  #waiting = 0;
  #waitingBytes = 0;
  /** When the first of those that wait came. */
  #waitingSinceMs = 0;
  /** A packet that is far off: with the next one behind it, the source counts anew. */
  #strange: Buffer | undefined;

  /** @param deliver is given each packet, in order */
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

  /** Takes a packet that came at `nowMs`, by performance.now(); what is shorter than an RTP header is dropped. */
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
   * Gives up what was waited for too long. To be called now and then, when all that has come was taken: after a stall
   * of ours the missing packet is perhaps the next one that lies ready.
   */
  tick(nowMs: number): void {
    while (this.#waiting > 0 && nowMs - this.#waitingSinceMs >= this.#limits.ms) this.#giveUp();
  }

  /** The stream is over: waits no longer. */
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

  /** Goes on behind the missing packets. */
  #giveUp(): void {
    const mask = this.#limits.packets - 1;
    while (this.#packets[this.#next & mask] === undefined) this.#next = (this.#next + 1) & 0xffff;
    this.#drain();
  }

  /** Delivers what waited for `#next` only. */
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
