import { nalAt, startCodeLengthAt } from "../../../shared/codec/h264/access-unit.ts";
import { isVcl, NalType, nalType } from "../../../shared/codec/h264/nal.ts";
import { START_CODE } from "../../../shared/codec/nal-units.ts";
import type { AccessUnitBuffer, PendingAccessUnit } from "./access-unit-buffer.ts";
import type { RtpPacket } from "./packet.ts";
import type { ParameterSets } from "./parameter-sets.ts";
import { continuesPicture, FU_A, FU_END, FU_START, opensPicture, STAP_A, startCodeLength } from "./picture-start.ts";

const SHORT_START_CODE = START_CODE.subarray(1);
const LAST_NAL_TYPE = 23;
/** payloadType of an SEI message that tells where decoding may begin without an IDR picture (§D.1.8). */
const RECOVERY_POINT = 6;

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
  /** Those of them that belong to interleaved mode, which no client can ask for (STAP-B, MTAP, FU-B; §5.2, table 1). */
  interleavedPackets: number;
  /** SEI messages that tell a recovery point: the camera may send no IDR pictures. */
  recoveryPoints: number;
}

/**
 * Puts access units together from RTP payloads (RFC 6184: single NAL unit, STAP-A, FU-A) in an AccessUnitBuffer.
 *
 * An access unit is all that carries one RTP timestamp; it ends with the marker bit or, from cameras that never set it,
 * with the next timestamp. Of a camera that was seen to mark every slice or packet, a marked one ends the unit only when
 * the next has another timestamp or opens a picture. The rule for loss (docs/design/lost-packets.md): an access unit that
 * lost a packet, or may have, is left out whole and counted; those that follow are kept, whether or not they refer to it.
 * Nothing is kept before the first keyframe.
 */
export class H264Depacketizer {
  readonly counters: DepacketizerCounters = {
    damagedFrames: 0,
    framesBeforeKeyframe: 0,
    badPackets: 0,
    interleavedPackets: 0,
    recoveryPoints: 0,
  };
  readonly #buffer: AccessUnitBuffer;
  readonly #parameterSets: ParameterSets;
  readonly #handler: AccessUnitHandler;
  #isBegun = false;
  #timestamp = 0;
  #ssrc = 0;
  #isDamaged = false;
  #hasKeyframe = false;
  /** Of the access unit under way. */
  #slices = 0;
  #hasIdr = false;
  #hasSps = false;
  #hasPps = false;
  /** Length of a leading access unit delimiter with its start code: parameter sets go behind it (§7.4.1.2.3). */
  #delimiterBytes = 0;
  /** The newest NAL unit: its type, where its start code stands in the access unit, and whether there was room for it. */
  #nalType = 0;
  #nalStart = 0;
  #isNalStored = false;
  #isInFragment = false;
  /** Packets before the next one were lost, or never heard: a stream may begin in the middle of a picture. */
  #lostBefore = true;
  /** The marker bit was ever set; it was seen on packets that were not the last of their picture; the newest packet's. */
  #setsMarker = false;
  #marksSlices = false;
  #isMarked = false;
  /** Of the access unit before: a marker bit ended it, it was kept, and of how many slices it was. */
  #endedByMarker = false;
  #wasKept = false;
  #slicesBefore = 0;
  /** What is under way goes on with a unit that was ended too soon: it is counted already. */
  #isCounted = false;
  #reopened: PendingAccessUnit | undefined;
  /** NAL units with start codes in them were seen: any may have them. */
  #sendsStartCodes = false;

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
    if (packet.ssrc !== this.#ssrc) this.#otherSource(packet.ssrc);
    if (this.#isBegun) {
      if (this.#lostBefore) this.#isDamaged = true;
      if (packet.timestamp !== this.#timestamp) this.#finish();
      else if (this.#isMarked && this.#slices > 0 && opensPicture(bytes, packet)) this.#finish();
    }
    if (!this.#isBegun) this.#begin(bytes, packet);
    if (this.#lostBefore) this.#isInFragment = this.#lostBefore = false;
    if (packet.payloadStart < packet.payloadEnd) this.#payload(bytes, packet.payloadStart, packet.payloadEnd);
    this.#isMarked = packet.marker;
    if (packet.marker) this.#marked();
  }

  /**
   * The stream is over. What is under way is kept when it has its marker bit or, from a camera that never sets it, as many
   * slices as the picture before; otherwise it may lack a part, and is left out and counted.
   */
  end(): void {
    if (!this.#isBegun) return;
    const isWhole = this.#isMarked || (!this.#setsMarker && this.#slices >= this.#slicesBefore);
    if (!isWhole || this.#lostBefore) this.#isDamaged = true;
    this.#finish();
  }

  /** Another source cuts off what the one before had under way, and nothing is known of what it sent first. */
  #otherSource(ssrc: number): void {
    this.#lostBefore ||= this.#isBegun;
    this.#endedByMarker = false;
    this.#ssrc = ssrc;
  }

  #begin(bytes: Buffer, packet: RtpPacket): void {
    const isRest = this.#endedByMarker && packet.timestamp === this.#timestamp && continuesPicture(bytes, packet);
    this.#endedByMarker = false;
    this.#isBegun = true;
    if (isRest) {
      this.#goOn();
      return;
    }
    this.#timestamp = packet.timestamp;
    this.#isDamaged = this.#lostBefore && !opensPicture(bytes, packet);
    this.#isCounted = false;
    this.#reset();
  }

  #reset(): void {
    this.#slices = 0;
    this.#hasIdr = this.#hasSps = this.#hasPps = this.#isInFragment = false;
    this.#delimiterBytes = 0;
    this.#buffer.begin();
  }

  /**
   * A marked packet was not the last of its picture: the unit that it ended is taken up again. When it is already on its
   * way to the disk it stays there as it is, cut short, and its rest is left out: this happens once in a session.
   */
  #goOn(): void {
    if (!this.#lostBefore) this.#marksSlices = true; // otherwise it may go on with another picture of the same timestamp
    this.#reopened = this.#wasKept ? this.#buffer.reopen() : undefined;
    this.#isDamaged = this.#lostBefore || this.#reopened === undefined;
    if (this.#reopened !== undefined) return;
    if (this.#wasKept) this.counters.damagedFrames++;
    this.#isCounted = true;
    this.#reset();
  }

  /** A marker bit ends no picture that has no whole slice yet. */
  #marked(): void {
    this.#setsMarker = true;
    if (this.#marksSlices || (this.#slices === 0 && !this.#isDamaged)) return;
    this.#finish();
    this.#endedByMarker = true;
  }

  #payload(bytes: Buffer, start: number, end: number): void {
    const type = nalType(bytes[start] as number);
    if (type === FU_A) this.#fragment(bytes, start, end);
    else if (type >= 1 && type <= LAST_NAL_TYPE) this.#nal(bytes, start, end);
    else if (type === STAP_A) this.#aggregate(bytes, start + 1, end);
    else if (startCodeLength(bytes, start, end) > 0) this.#annexB(Buffer.from(bytes.subarray(start, end)));
    else this.#bad(type);
  }

  /** STAP-A, RFC 6184 §5.7.1: NAL units behind their 16-bit lengths. */
  #aggregate(bytes: Buffer, start: number, end: number): void {
    let position = start;
    let isBad = false;
    while (position + 2 <= end) {
      const size = bytes.readUInt16BE(position);
      position += 2;
      if (size === 0) continue;
      if (position + size > end) break;
      const type = nalType(bytes[position] as number);
      if (type >= 1 && type <= LAST_NAL_TYPE) this.#nal(bytes, position, position + size);
      else isBad = true;
      position += size;
    }
    if (isBad || position !== end) this.#bad(STAP_A);
  }

  /** FU-A, RFC 6184 §5.8: one NAL unit in several packets; in a single one from CostarHD and OpenIPC (retina #131). */
  #fragment(bytes: Buffer, start: number, end: number): void {
    const indicator = bytes[start] as number;
    const fuHeader = end - start < 2 ? 0 : (bytes[start + 1] as number);
    const type = nalType(fuHeader);
    if (type === 0 || type > LAST_NAL_TYPE) {
      this.#bad(FU_A);
      return;
    }
    if ((fuHeader & FU_START) !== 0) {
      this.#beginNal(type);
      this.#isInFragment = true;
      this.#store(this.#buffer.beginNal() && this.#buffer.appendByte((indicator & 0xe0) | type));
    } else if (!this.#isInFragment) {
      this.#isDamaged = true; // its beginning is missing
      return;
    }
    this.#store(this.#buffer.append(bytes, start + 2, end));
    if ((fuHeader & FU_END) !== 0) this.#endNal();
  }

  #nal(bytes: Buffer, start: number, end: number): void {
    this.#beginNal(nalType(bytes[start] as number));
    this.#store(this.#buffer.beginNal() && this.#buffer.append(bytes, start, end));
    this.#endNal();
  }

  #beginNal(type: number): void {
    if (this.#isInFragment) this.#isDamaged = true; // the fragments of the NAL unit before never ended
    this.#nalType = type;
    this.#isNalStored = true;
    this.#nalStart = this.#buffer.currentBytes;
  }

  #endNal(): void {
    this.#isInFragment = false;
    if (!this.#isNalStored) return;
    const type = this.#nalType;
    if (this.#sendsStartCodes || (type >= NalType.sps && type <= NalType.accessUnitDelimiter)) {
      if (this.#splitNal()) return;
    }
    const bytes = this.#buffer.trimZeros(this.#nalStart + START_CODE.length + 1) - this.#nalStart;
    if (isVcl(type)) {
      if (this.#slices++ === 0) this.#hasIdr = type === NalType.idrSlice; // as readers of the chunk judge it
      if (bytes <= START_CODE.length + 1) this.#bad(type); // a slice of nothing
    } else if (type === NalType.sps || type === NalType.pps) {
      if (type === NalType.sps) this.#hasSps = true;
      else this.#hasPps = true;
      this.#parameterSets.take(this.#buffer.current(this.#nalStart + START_CODE.length));
    } else if (type === NalType.sei) {
      if (this.#buffer.current(this.#nalStart + START_CODE.length)[1] === RECOVERY_POINT)
        this.counters.recoveryPoints++;
    } else if (type === NalType.accessUnitDelimiter && this.#nalStart === 0) {
      this.#delimiterBytes = bytes;
    }
  }

  /**
   * Splits a NAL unit that has start codes in it, as V380 cameras send them: SPS, PPS and IDR slice in one FU-A (retina
   * #68, #108). None can occur within a NAL unit (emulation prevention, §7.4.1.1). To be cheap, slices are only looked
   * into once a parameter set or delimiter had one; SEI never begins it, as some hold a maker's bytes or signatures as they
   * are, start codes among them (gortsplib #1156): it goes as far as the sizes of its messages say. Returns false when
   * there is nothing to split.
   */
  #splitNal(): boolean {
    const nal = this.#buffer.current(this.#nalStart + START_CODE.length);
    if (!nal.includes(SHORT_START_CODE)) return false;
    const copy = Buffer.from(this.#buffer.current(this.#nalStart));
    if (nalAt(copy, START_CODE.length).end === copy.length) return false;
    this.#sendsStartCodes = true;
    this.#buffer.truncate(this.#nalStart);
    this.#annexB(copy);
    return true;
  }

  /** Takes NAL units behind start codes, out of a buffer that stays as it is. */
  #annexB(bytes: Buffer): void {
    for (let at = startCodeLengthAt(bytes, 0); at < bytes.length; ) {
      const { start, end, next } = nalAt(bytes, at);
      at = next;
      if (start === end) continue;
      const type = nalType(bytes[start] as number);
      if (type >= 1 && type <= LAST_NAL_TYPE) this.#nal(bytes, start, end);
      else this.#bad(type);
    }
  }

  #store(fits: boolean): void {
    if (fits) return;
    this.#isNalStored = false;
    this.#isDamaged = true;
  }

  #bad(type: number): void {
    this.counters.badPackets++;
    if ((type > STAP_A && type < FU_A) || type === FU_A + 1) this.counters.interleavedPackets++;
    this.#isDamaged = true;
  }

  #finish(): void {
    this.#isBegun = false;
    if (this.#isInFragment) this.#isDamaged = true;
    const reopened = this.#reopened;
    this.#reopened = undefined;
    this.#wasKept = false;
    if (this.#slices > 0 && !this.#isDamaged) this.#slicesBefore = this.#slices;
    if (this.#slices === 0 || this.#isDamaged || !this.#completeKeyframe()) {
      if ((this.#slices > 0 || this.#isDamaged) && !this.#isCounted) this.counters.damagedFrames++;
      // It was told as kept, and what refers to it is not to be first in a recording.
      if (reopened?.isKeyframe === true) this.#hasKeyframe = false;
      this.#buffer.discard();
      return;
    }
    this.#hasKeyframe ||= this.#hasIdr;
    if (!this.#hasKeyframe) {
      this.counters.framesBeforeKeyframe++;
      this.#buffer.discard();
      return;
    }
    this.#wasKept = true;
    if (reopened !== undefined) {
      this.#buffer.commit(reopened.rtpUs, this.#hasIdr);
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
    this.#hasSps = this.#hasPps = true;
    return this.#buffer.insertNals(this.#delimiterBytes, [...sequence, ...picture]);
  }
}
