import { NalType, nalType } from "../../../../shared/codec/h264/nal.ts";
import type { RtpPacket } from "../../rtp/packet.ts";

/** Payload types of RFC 6184 §5.2 that are not NAL unit types. */
export const STAP_A = 24;
export const FU_A = 28;
export const FU_START = 0x80;
export const FU_END = 0x40;

/**
 * Whether a packet is certainly the first of its picture's slices, so that packets lost before it belonged to other
 * pictures: it begins with a NAL unit that only comes before slices (types 6 to 9: SEI, parameter sets, delimiter;
 * §7.4.1.2.3), or with a slice whose first_mb_in_slice is 0 (a leading 1 bit, §7.3.3). The loss of a delimiter, SEI or
 * parameter set before it is not noticed.
 */
export function opensPicture(bytes: Buffer, packet: RtpPacket): boolean {
  const header = firstNalHeader(bytes, packet);
  if (header === -1) return false;
  const type = nalType(bytes[header] as number);
  if (type >= NalType.sei && type <= NalType.accessUnitDelimiter) return true;
  return isSlice(type) && firstMbIsZero(bytes, header);
}

/**
 * Whether a packet begins with a NAL unit that only comes after the first slice of a picture: a slice whose
 * first_mb_in_slice is not 0, or a type that ends or completes a picture (partitions B and C, ends of sequence and
 * stream, filler, auxiliary and extension slices; table 7-1).
 */
export function continuesPicture(bytes: Buffer, packet: RtpPacket): boolean {
  const header = firstNalHeader(bytes, packet);
  if (header === -1) return false;
  const type = nalType(bytes[header] as number);
  if (isSlice(type)) return !firstMbIsZero(bytes, header);
  return type === 3 || type === 4 || (type >= 10 && type <= 12) || (type >= 19 && type <= 21);
}

function isSlice(type: number): boolean {
  return type === NalType.slice || type === NalType.partitionA || type === NalType.idrSlice;
}

/** ue(v) 0 is a single 1 bit (§9.1). */
function firstMbIsZero(bytes: Buffer, header: number): boolean {
  return ((bytes[header + 1] as number) & 0x80) !== 0;
}

/**
 * The offset of the byte whose lower five bits are the type of the first NAL unit that begins in a packet, with at
 * least one byte of its payload after it; -1 when no NAL unit begins there, or nothing of it is there.
 */
function firstNalHeader(bytes: Buffer, { payloadStart: start, payloadEnd: end }: RtpPacket): number {
  if (end - start < 2) return -1;
  const type = nalType(bytes[start] as number);
  if (type === 0) {
    const code = startCodeLength(bytes, start, end);
    return code > 0 && end - start > code + 1 ? start + code : -1;
  }
  if (type === STAP_A) return end - start > 4 ? start + 3 : -1;
  if (type !== FU_A) return start;
  return end - start > 2 && ((bytes[start + 1] as number) & FU_START) !== 0 ? start + 1 : -1;
}

/** The length of the Annex B start code at the beginning of a payload, which is then not a NAL unit; 0 without one. */
export function startCodeLength(bytes: Buffer, start: number, end: number): number {
  if (end - start < 4 || bytes[start] !== 0 || bytes[start + 1] !== 0) return 0;
  if (bytes[start + 2] === 1) return 3;
  return bytes[start + 2] === 0 && bytes[start + 3] === 1 ? 4 : 0;
}
