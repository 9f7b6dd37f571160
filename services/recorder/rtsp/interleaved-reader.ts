import { contentLength, headEnd, parseHead, type RtspRequest, type RtspResponse, RtspSyntaxError } from "./message.ts";

/** Receives what comes over an RTSP connection: messages, and packets between them (RFC 2326 §10.12). */
export interface InterleavedHandler {
  /** A packet of a channel: `bytes` from `start` to `end`, valid only during the call. */
  packet(channel: number, bytes: Buffer, start: number, end: number): void;
  message(message: RtspResponse | RtspRequest): void;
  /** Number of bytes that were neither and were skipped. */
  garbage(count: number): void;
}

const DOLLAR = 0x24;
const PACKET_HEADER_BYTES = 4;
const MESSAGE_STEP_BYTES = 2048;
/** Number of bytes needed to recognise the beginning of a packet or message among garbage. */
const RESYNC_BYTES = 5;
/** Length of the longest packet, and so the largest distance to the next one. */
const MAX_PACKET_BYTES = 4 + 0xffff;
const LONGEST_METHOD = 20;
/** More malformed messages in one read are no accident, and searching up to 256 kB for each would take seconds. */
const MAX_BROKEN_MESSAGES = 16;
const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_CARRY_BYTES = MAX_MESSAGE_BYTES + 64 * 1024;

/**
 * Splits the bytes of an RTSP connection, however reads divide them, into messages and packets. Packets that are
 * complete in one read are passed on in place; only those divided by a read are copied.
 *
 * Some cameras lose bytes in the middle of a packet when they run out of memory (Reolink, retina #17). What follows is
 * then skipped up to the next packet of a channel that was seen before, or the next `RTSP/`. The same holds for a
 * malformed message between packets.
 */
export class InterleavedReader {
  readonly #handler: InterleavedHandler;
  #carry = Buffer.alloc(0);
  #carried = 0;
  /**
   * Of a carried message: its total size once its header is known, and how far the end of the header was searched for.
   */
  #wanted = 0;
  #searched = 0;
  readonly #channels = new Set<number>();
  #isLost = false;
  /**
   * Bytes skipped since the last time that two packets followed each other directly; a single packet may be a false
   * one.
   */
  #lostBytes = 0;
  #isBehindPacket = false;
  /** Of the current read. */
  #brokenMessages = 0;

  constructor(handler: InterleavedHandler) {
    this.#handler = handler;
  }

  /**
   * Takes the first `length` bytes of `bytes`. Before the first packet, throws RtspSyntaxError for anything that cannot
   * be RTSP; after it, only for too many malformed messages.
   */
  push(bytes: Buffer, length: number): void {
    this.#brokenMessages = 0;
    let position = this.#carried === 0 ? 0 : this.#complete(bytes, length);
    if (position === -1) return;
    while (position < length) {
      const next = this.#consume(bytes, position, length);
      if (next === -1) {
        this.#keep(bytes, position, length);
        return;
      }
      position = next;
    }
  }

  /**
   * Completes what an earlier read began. Returns the offset after it in `bytes`, or -1 when it is still incomplete.
   */
  #complete(bytes: Buffer, length: number): number {
    let position = 0;
    while (this.#carried > 0) {
      const consumed = this.#consume(this.#carry, 0, this.#carried);
      if (consumed !== -1) {
        this.#carry.copyWithin(0, consumed, this.#carried);
        this.#carried -= consumed;
        continue;
      }
      if (position === length) return -1;
      const take = Math.min(this.#missing(), length - position);
      this.#keep(bytes, position, position + take);
      position += take;
    }
    return position;
  }

  /** How many more bytes the carried beginning needs, or may need when its end is not known yet. */
  #missing(): number {
    if (this.#isLost) return RESYNC_BYTES;
    if (this.#carry[0] !== DOLLAR) return this.#wanted > 0 ? this.#wanted - this.#carried : MESSAGE_STEP_BYTES;
    if (this.#carried < PACKET_HEADER_BYTES) return PACKET_HEADER_BYTES - this.#carried;
    return PACKET_HEADER_BYTES + this.#carry.readUInt16BE(2) - this.#carried;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const size = this.#carried + end - start;
    if (size > MAX_CARRY_BYTES) throw new RtspSyntaxError("the server sent a message without end");
    if (size > this.#carry.length) {
      const larger = Buffer.allocUnsafe(Math.max(2048, 2 ** Math.ceil(Math.log2(size))));
      this.#carry.copy(larger, 0, 0, this.#carried);
      this.#carry = larger;
    }
    bytes.copy(this.#carry, this.#carried, start, end);
    this.#carried = size;
  }

  /** Handles one packet or message at `position`; returns the offset after it, or -1 when it is incomplete. */
  #consume(bytes: Buffer, position: number, length: number): number {
    if (this.#isLost) return this.#resync(bytes, position, length);
    const first = bytes[position] as number;
    if (first === DOLLAR) {
      if (length - position < PACKET_HEADER_BYTES) return -1;
      const end = position + PACKET_HEADER_BYTES + bytes.readUInt16BE(position + 2);
      if (end > length) return -1;
      const channel = bytes[position + 1] as number;
      this.#channels.add(channel);
      this.#lostBytes = this.#isBehindPacket ? 0 : this.#lostBytes + end - position;
      this.#isBehindPacket = true;
      this.#handler.packet(channel, bytes, position + PACKET_HEADER_BYTES, end);
      return end;
    }
    if (first === 0x0d || first === 0x0a) return position + 1; // cameras that end a body with an extra line
    if (mayBeginMessage(bytes, position, length)) return this.#consumeMessageOrByte(bytes, position, length);
    if (isLetter(first) && this.#channels.size === 0)
      throw new RtspSyntaxError("the server sent something that is not RTSP");
    this.#isLost = true;
    this.#isBehindPacket = false;
    return this.#resync(bytes, position, length);
  }

  /** Once packets have come, a malformed or apparent message is skipped as garbage, and the stream continues. */
  #consumeMessageOrByte(bytes: Buffer, position: number, length: number): number {
    try {
      return this.#consumeMessage(bytes, position, length);
    } catch (error) {
      if (!(error instanceof RtspSyntaxError) || this.#channels.size === 0) throw error;
      if (++this.#brokenMessages > MAX_BROKEN_MESSAGES) throw error;
      this.#wanted = this.#searched = 0;
      this.#isLost = true;
      this.#isBehindPacket = false;
      this.#lostBytes++;
      this.#handler.garbage(1);
      return position + 1;
    }
  }

  #consumeMessage(bytes: Buffer, position: number, length: number): number {
    const isCarried = bytes === this.#carry;
    if (isCarried && length < this.#wanted) return -1;
    const view = bytes.subarray(0, length);
    const bodyStart = headEnd(view, isCarried ? Math.max(position, this.#searched - 2) : position);
    if (bodyStart === -1) {
      if (length - position > MAX_MESSAGE_BYTES) throw new RtspSyntaxError("the server sent a header without end");
      if (isCarried) this.#searched = length;
      return -1;
    }
    const message = parseHead(view.toString("utf8", position, bodyStart));
    const size = contentLength(message);
    if (size > MAX_MESSAGE_BYTES) throw new RtspSyntaxError(`the server announced a body of ${size} bytes`);
    const end = bodyStart + size;
    if (end > length) {
      this.#wanted = end - position;
      return -1;
    }
    this.#wanted = this.#searched = 0;
    message.body = view.toString("utf8", bodyStart, end);
    this.#handler.message(message);
    return end;
  }

  /** Skips everything up to the next beginning of a packet or message, and continues there. */
  #resync(bytes: Buffer, position: number, length: number): number {
    let at = position;
    let isBeginning: boolean | undefined = false;
    while (at < length) {
      isBeginning = this.#isBeginning(bytes, at, length);
      if (isBeginning !== false) break;
      at++;
      this.#lostBytes++;
    }
    if (at > position) {
      this.#handler.garbage(at - position);
      return at;
    }
    if (isBeginning === undefined) return -1;
    this.#isLost = false;
    return this.#consume(bytes, position, length);
  }

  /** Whether a packet or a response certainly begins here; undefined when there are too few bytes to know. */
  #isBeginning(bytes: Buffer, at: number, length: number): boolean | undefined {
    const first = bytes[at];
    if (first !== DOLLAR && first !== 0x52) return false;
    if (length - at < RESYNC_BYTES) return undefined;
    if (first === 0x52) return bytes.toString("latin1", at, at + RESYNC_BYTES) === "RTSP/";
    if ((bytes[at + PACKET_HEADER_BYTES] as number) >> 6 !== 2) return false; // the version of RTP and RTCP
    if (this.#channels.size > 0 && this.#lostBytes <= MAX_PACKET_BYTES) {
      return this.#channels.has(bytes[at + 1] as number);
    }
    // No channels are known, or those known came from damaged headers: any channel is accepted, but what follows the
    // packet must look like a beginning, too.
    const next = at + PACKET_HEADER_BYTES + bytes.readUInt16BE(at + 2);
    if (next + RESYNC_BYTES > length) return undefined;
    return bytes[next] === 0x52 || (bytes[next] === DOLLAR && (bytes[next + PACKET_HEADER_BYTES] as number) >> 6 === 2);
  }
}

/** Whether these bytes may be the beginning of `RTSP/`, or of a method and a space. */
function mayBeginMessage(bytes: Buffer, position: number, length: number): boolean {
  const end = Math.min(length, position + LONGEST_METHOD);
  for (let at = position; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x20) return at - position >= 3;
    if (byte === 0x2f) return bytes.toString("latin1", position, at).toUpperCase() === "RTSP";
    if (!isLetter(byte) && byte !== 0x5f) return false;
  }
  return length - position < LONGEST_METHOD;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
