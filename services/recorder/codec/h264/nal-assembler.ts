import { nalAt, startCodeLengthAt } from "../../../../shared/codec/h264/access-unit.ts";
import { isVcl, NalType, nalType } from "../../../../shared/codec/h264/nal.ts";
import { START_CODE } from "../../../../shared/codec/nal-units.ts";
import type { AccessUnitBuffer } from "../../rtp/access-unit-buffer.ts";
import { FU_A, FU_END, FU_START, STAP_A, startCodeLength } from "./picture-start.ts";

const SHORT_START_CODE = START_CODE.subarray(1);
const LAST_NAL_TYPE = 23;
/** So many slices of a session are looked into: those of the first pictures. */
const SLICES_LOOKED_INTO = 32;

/** Is told of each NAL unit: its type, where its start code stands in the access unit, and its length with that. */
export type NalHandler = (type: number, start: number, bytes: number) => void;

/**
 * Puts NAL units together from RTP payloads (RFC 6184: single NAL unit, STAP-A, FU-A), each behind a start code in the
 * access unit that is under way in an AccessUnitBuffer.
 */
export class NalAssembler {
  readonly #buffer: AccessUnitBuffer;
  readonly #handler: NalHandler;
  /** Since `begin`, a NAL unit lacked a part, made no sense, or had no room. */
  isDamaged = false;
  /** Packets whose payload is none that RFC 6184 allows in non-interleaved mode. */
  badPackets = 0;
  /** Those of them that belong to interleaved mode, which no client can ask for (STAP-B, MTAP, FU-B; §5.2, table 1). */
  interleavedPackets = 0;
  /**
   * The newest NAL unit: its type, where its start code stands in the access unit, and whether there was room for it.
   */
  #nalType = 0;
  #nalStart = 0;
  #isNalStored = false;
  #isInFragment = false;
  /** NAL units with start codes in them were seen: any may have them. */
  #sendsStartCodes = false;
  #slicesToLookInto = SLICES_LOOKED_INTO;

  constructor(buffer: AccessUnitBuffer, handler: NalHandler) {
    this.#buffer = buffer;
    this.#handler = handler;
  }

  /** An access unit begins. */
  begin(): void {
    this.isDamaged = this.#isInFragment = false;
  }

  /** Packets were lost: the rest of a NAL unit that is under way does not count. */
  lost(): void {
    this.#isInFragment = false;
  }

  /** The access unit ends: a NAL unit whose last fragment did not come damages it. */
  end(): void {
    if (this.#isInFragment) this.isDamaged = true;
  }

  /** Takes a packet's payload, which is not empty. */
  take(bytes: Buffer, start: number, end: number): void {
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
      this.isDamaged = true; // its beginning is missing
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
    if (this.#isInFragment) this.isDamaged = true; // the last fragment of the NAL unit before did not come
    this.#nalType = type;
    this.#isNalStored = true;
    this.#nalStart = this.#buffer.currentBytes;
  }

  #endNal(): void {
    this.#isInFragment = false;
    if (!this.#isNalStored) return;
    const type = this.#nalType;
    if (this.#mayHoldStartCodes(type) && this.#split()) return;
    const start = this.#nalStart;
    const bytes = this.#buffer.trimZeros(start + START_CODE.length + 1) - start;
    if (isVcl(type) && bytes <= START_CODE.length + 1) this.#bad(type); // a slice that is its header byte alone
    this.#handler(type, start, bytes);
  }

  /**
   * Whether a NAL unit is to be looked into. To be cheap, of the slices only a session's first ones are, and all once
   * any NAL unit had a start code. SEI never begins it, as some hold a maker's bytes or signatures as they are, start
   * codes among them (gortsplib #1156).
   */
  #mayHoldStartCodes(type: number): boolean {
    if (this.#sendsStartCodes || (type >= NalType.sps && type <= NalType.accessUnitDelimiter)) return true;
    return isVcl(type) && this.#slicesToLookInto > 0 && this.#slicesToLookInto-- > 0;
  }

  /**
   * Splits a NAL unit that has start codes in it, as V380 cameras send them: SPS, PPS and IDR slice in one FU-A (retina
   * #68, #108). None can occur within a NAL unit (emulation prevention, §7.4.1.1); an SEI goes as far as the sizes of
   * its messages say. Returns false when there is nothing to split.
   */
  #split(): boolean {
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
    this.isDamaged = true;
  }

  #bad(type: number): void {
    this.badPackets++;
    if ((type > STAP_A && type < FU_A) || type === FU_A + 1) this.interleavedPackets++;
    this.isDamaged = true;
  }
}
