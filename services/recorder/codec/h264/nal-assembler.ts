import { nalAt, startCodeLengthAt } from "../../../../shared/codec/h264/access-unit.ts";
import { isVcl, NalType, nalType } from "../../../../shared/codec/h264/nal.ts";
import { START_CODE } from "../../../../shared/codec/nal-units.ts";
import type { AccessUnitBuffer } from "../../rtp/access-unit-buffer.ts";
import { FU_A, FU_END, FU_START, STAP_A, startCodeLength } from "./picture-start.ts";

const SHORT_START_CODE = START_CODE.subarray(1);
const LAST_NAL_TYPE = 23;
/** Number of slices at the start of a session that are searched for start codes: those of the first pictures. */
const SLICES_LOOKED_INTO = 32;

/**
 * Called for each NAL unit with its type, the offset of its start code in the access unit, and its length including
 * that.
 */
export type NalHandler = (type: number, start: number, bytes: number) => void;

/**
 * Assembles NAL units from RTP payloads (RFC 6184: single NAL unit, STAP-A, FU-A), each after a start code, in the
 * current access unit of an AccessUnitBuffer.
 */
export class NalAssembler {
  readonly #buffer: AccessUnitBuffer;
  readonly #handler: NalHandler;
  /** Since `begin`, a NAL unit was incomplete, malformed, or did not fit. */
  isDamaged = false;
  /** Number of packets whose payload RFC 6184 does not allow in non-interleaved mode. */
  badPackets = 0;
  /**
   * Those of them that belong to interleaved mode, which a client cannot request (STAP-B, MTAP, FU-B; §5.2, table 1).
   */
  interleavedPackets = 0;
  /** The newest NAL unit: its type, the offset of its start code in the access unit, and whether it did fit. */
  #nalType = 0;
  #nalStart = 0;
  #isNalStored = false;
  #isInFragment = false;
  /** NAL units that contain start codes were seen: from now on all are searched. */
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

  /** Packets were lost: the rest of the current NAL unit is ignored. */
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

  /** STAP-A, RFC 6184 §5.7.1: NAL units, each after its 16-bit length. */
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

  /**
   * FU-A, RFC 6184 §5.8: one NAL unit in several packets, or in a single one from CostarHD and OpenIPC (retina #131).
   */
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
    if (this.#isInFragment) this.isDamaged = true; // the last fragment of the previous NAL unit did not come
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
    if (isVcl(type) && bytes <= START_CODE.length + 1) this.#bad(type); // a slice that consists of its header byte only
    this.#handler(type, start, bytes);
  }

  /**
   * Whether to search a NAL unit for start codes. To save CPU only a session's first slices are searched, or everything
   * once one has been found. SEI messages are not searched before that: some contain vendor data or signatures without
   * emulation prevention, and so may contain start codes (gortsplib #1156).
   */
  #mayHoldStartCodes(type: number): boolean {
    if (this.#sendsStartCodes || (type >= NalType.sps && type <= NalType.accessUnitDelimiter)) return true;
    return isVcl(type) && this.#slicesToLookInto > 0 && this.#slicesToLookInto-- > 0;
  }

  /**
   * Splits a NAL unit that contains start codes, as V380 cameras send: SPS, PPS and IDR slice in one FU-A (retina #68,
   * #108). No start code can occur within a valid NAL unit (emulation prevention, §7.4.1.1); an SEI is as long as the
   * sizes of its messages say. Returns false when there is nothing to split.
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

  /** Takes the NAL units of an Annex B byte stream, which must not be the access unit buffer itself. */
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
