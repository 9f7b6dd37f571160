import { isVcl, NalType, nalType } from "../../../shared/h264/nal.ts";
import type { AccessUnitBuffer } from "./access-unit-buffer.ts";
import type { RtpPacket } from "./packet.ts";
import type { ParameterSets } from "./parameter-sets.ts";

const STAP_A = 24;
const FU_A = 28;
const FU_START = 0x80;
const FU_END = 0x40;

/** What the depacketizer tells of an access unit that it keeps. */
export interface AccessUnitHandler {
  /** Puts the RTP timestamp of an access unit on an axis of µs. */
  unwrap(timestamp: number, isKeyframe: boolean): number;
  frame(rtpUs: number, bytes: number, isKeyframe: boolean): void;
}

/** What the depacketizer counts, since it was made. */
export interface DepacketizerCounters {
  /** Access units left out because a packet of theirs was lost or made no sense. */
  damagedFrames: number;
  /** Access units that came before the first keyframe and so could not be decoded. */
  framesBeforeKeyframe: number;
  /** Packets whose payload is none that RFC 6184 allows in non-interleaved mode. */
  badPackets: number;
}

/**
 * Puts access units together from RTP payloads (RFC 6184: single NAL unit, STAP-A, FU-A) in an AccessUnitBuffer.
 *
 * An access unit is all that carries one RTP timestamp; it ends with the marker bit or, from cameras that never set it,
 * with the next timestamp. The rule for loss: an access unit that lost a packet, or may have, is left out whole and
 * counted; those that follow are kept, whether or not they refer to it. Nothing is kept before the first keyframe.
 */
export class H264Depacketizer {
  readonly counters: DepacketizerCounters = { damagedFrames: 0, framesBeforeKeyframe: 0, badPackets: 0 };
  readonly #buffer: AccessUnitBuffer;
  readonly #parameterSets: ParameterSets;
  readonly #handler: AccessUnitHandler;
  #isBegun = false;
  #timestamp = 0;
  #ssrc = 0;
  #isDamaged = false;
  #hasKeyframe = false;
  /** Of the access unit under way. */
  #hasVcl = false;
  #hasIdr = false;
  #hasSps = false;
  #hasPps = false;
  /** Length of a leading access unit delimiter with its start code: parameter sets go behind it (§7.4.1.2.3). */
  #delimiterBytes = 0;
  #isInFragment = false;
  /** Packets before the next one were lost, or never heard: a stream may begin in the middle of a picture. */
  #lostBefore = true;

  constructor(buffer: AccessUnitBuffer, parameterSets: ParameterSets, handler: AccessUnitHandler) {
    this.#handler = handler;
    this.#buffer = buffer;
    this.#parameterSets = parameterSets;
  }

  /** Packets were lost before the next one. */
  lost(): void {
    this.#lostBefore = true;
  }

  /** Takes the payload of a packet, which lies in `bytes`. */
  take(bytes: Buffer, packet: RtpPacket): void {
    // Another source cuts off what the one before had under way, and nothing is known of what it sent first.
    if (packet.ssrc !== this.#ssrc) this.#lostBefore ||= this.#isBegun;
    this.#ssrc = packet.ssrc;
    if (this.#lostBefore && this.#isBegun) this.#isDamaged = true;
    if (this.#isBegun && packet.timestamp !== this.#timestamp) this.#finish();
    if (!this.#isBegun) this.#begin(packet.timestamp, this.#lostBefore && !opensPicture(bytes, packet));
    if (this.#lostBefore) this.#isInFragment = false;
    this.#lostBefore = false;
    if (packet.payloadStart < packet.payloadEnd) this.#payload(bytes, packet.payloadStart, packet.payloadEnd);
    if (packet.marker && (this.#hasVcl || this.#isDamaged)) this.#finish();
  }

  /** The stream is over: what is under way is kept only when it ended with its marker bit, so it is left out. */
  end(): void {
    if (this.#isBegun) this.#buffer.discard();
    this.#isBegun = false;
  }

  #begin(timestamp: number, isDamaged: boolean): void {
    this.#isBegun = true;
    this.#timestamp = timestamp;
    this.#isDamaged = isDamaged;
    this.#hasVcl = this.#hasIdr = this.#hasSps = this.#hasPps = this.#isInFragment = false;
    this.#delimiterBytes = 0;
    this.#buffer.begin();
  }

  #payload(bytes: Buffer, start: number, end: number): void {
    const type = nalType(bytes[start] as number);
    if (type >= 1 && type <= 23) this.#nal(bytes, start, end);
    else if (type === STAP_A) this.#aggregate(bytes, start + 1, end);
    else if (type === FU_A) this.#fragment(bytes, start, end);
    else this.#bad();
  }

  /** STAP-A, RFC 6184 §5.7.1: NAL units behind their 16-bit lengths. */
  #aggregate(bytes: Buffer, start: number, end: number): void {
    let position = start;
    while (position + 2 <= end) {
      const size = bytes.readUInt16BE(position);
      position += 2;
      if (size === 0) continue;
      if (position + size > end) break;
      this.#nal(bytes, position, position + size);
      position += size;
    }
    if (position !== end) this.#bad();
  }

  /** FU-A, RFC 6184 §5.8: one NAL unit in several packets. */
  #fragment(bytes: Buffer, start: number, end: number): void {
    if (end - start < 2) {
      this.#bad();
      return;
    }
    const indicator = bytes[start] as number;
    const fuHeader = bytes[start + 1] as number;
    if ((fuHeader & FU_START) !== 0) {
      const firstByte = (indicator & 0xe0) | (fuHeader & 0x1f);
      this.#note(nalType(firstByte));
      this.#isInFragment = true;
      this.#store(this.#buffer.beginNal() && this.#buffer.appendByte(firstByte));
    } else if (!this.#isInFragment) {
      this.#isDamaged = true; // its beginning is missing
      return;
    }
    this.#store(this.#buffer.append(bytes, start + 2, end));
    if ((fuHeader & FU_END) !== 0) this.#isInFragment = false;
  }

  #nal(bytes: Buffer, start: number, end: number): void {
    const type = nalType(bytes[start] as number);
    if (type === NalType.sps || type === NalType.pps) this.#parameterSets.take(bytes.subarray(start, end));
    if (type === NalType.accessUnitDelimiter && this.#buffer.currentBytes === 0) this.#delimiterBytes = 4 + end - start;
    this.#note(type);
    this.#store(this.#buffer.beginNal() && this.#buffer.append(bytes, start, end));
  }

  #note(type: number): void {
    if (this.#isInFragment) this.#isDamaged = true; // the fragments of the NAL unit before never ended
    this.#isInFragment = false;
    if (isVcl(type)) this.#hasVcl = true;
    if (type === NalType.idrSlice) this.#hasIdr = true;
    else if (type === NalType.sps) this.#hasSps = true;
    else if (type === NalType.pps) this.#hasPps = true;
  }

  #store(fits: boolean): void {
    if (!fits) this.#isDamaged = true;
  }

  #bad(): void {
    this.counters.badPackets++;
    this.#isDamaged = true;
  }

  #finish(): void {
    this.#isBegun = false;
    if (this.#isInFragment) this.#isDamaged = true;
    if (!this.#hasVcl || this.#isDamaged || !this.#completeKeyframe()) {
      if (this.#hasVcl || this.#isDamaged) this.counters.damagedFrames++;
      this.#buffer.discard();
      return;
    }
    this.#hasKeyframe ||= this.#hasIdr;
    if (!this.#hasKeyframe) {
      this.counters.framesBeforeKeyframe++;
      this.#buffer.discard();
      return;
    }
    const rtpUs = this.#handler.unwrap(this.#timestamp, this.#hasIdr);
    const bytes = this.#buffer.currentBytes;
    this.#buffer.commit(rtpUs, this.#hasIdr);
    this.#handler.frame(rtpUs, bytes, this.#hasIdr);
  }

  /** Puts the parameter sets before a keyframe that came without. Returns false when there are none to put. */
  #completeKeyframe(): boolean {
    if (!this.#hasIdr || (this.#hasSps && this.#hasPps)) return true;
    const { sequence, picture } = this.#parameterSets;
    if (sequence.length === 0 || picture.length === 0) return false;
    return this.#buffer.insertNals(this.#delimiterBytes, [...sequence, ...picture]);
  }
}

/**
 * Whether a packet is surely the first of its picture's slices, so that what was lost before it belonged to others: it
 * begins with what only comes before slices (types 6 to 9: SEI, parameter sets, delimiter; §7.4.1.2.3), or with a slice
 * whose first_mb_in_slice is 0 (a leading 1 bit, §7.3.3). A lost delimiter, SEI or parameter set before it goes unseen.
 */
function opensPicture(bytes: Buffer, packet: RtpPacket): boolean {
  const { payloadStart: start, payloadEnd: end } = packet;
  const type = nalType(bytes[start] ?? 0);
  if (type === STAP_A)
    return end - start > 4 && opensPictureWith(bytes, start + 3, nalType(bytes[start + 3] as number));
  if (type !== FU_A) return end - start > 1 && opensPictureWith(bytes, start, type);
  if (end - start < 3 || ((bytes[start + 1] as number) & FU_START) === 0) return false;
  return opensPictureWith(bytes, start + 1, nalType(bytes[start + 1] as number));
}

/** The same for a NAL unit of a type, the first byte of whose payload is at `header + 1`. */
function opensPictureWith(bytes: Buffer, header: number, type: number): boolean {
  if (type >= NalType.sei && type <= NalType.accessUnitDelimiter) return true;
  return (type === NalType.slice || type === NalType.idrSlice) && ((bytes[header + 1] as number) & 0x80) !== 0;
}
