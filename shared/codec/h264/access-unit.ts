import { START_CODE, splitAnnexB } from "../nal-units.ts";
import { NalType, nalType } from "./nal.ts";

/**
 * Finds the NAL units in an access unit as it is stored in a chunk: each behind 00 00 00 01.
 *
 * A NAL unit should hold no start code (emulation prevention, ITU-T H.264 §7.4.1.1), but some SEI do: ONVIF Media
 * Signing sends its certificates and signatures without emulation prevention (gortsplib #1156). So the end of an SEI is
 * found from the sizes of its messages or, where those make no sense, guessed to be the next four-byte start code. A
 * three-byte start code is part of a NAL unit: a recorder writes none between them.
 */

/** A NAL unit in an access unit: its bytes are those from `start` to `end`, and the next NAL unit begins at `next`. */
export interface NalPlace {
  start: number;
  end: number;
  next: number;
  /** The end is a guess: it may be a start code inside the NAL unit. */
  isGuess: boolean;
  /** It ends at a three-byte start code, which no recorder writes between NAL units. */
  isShort: boolean;
}

const SHORT_START_CODE = START_CODE.subarray(1);
/** rbsp_trailing_bits after data that ends at a byte boundary, as SEI does (§7.3.2.11). */
const TRAILING_BITS = 0x80;
/**
 * Types of SEI messages with arbitrary data: user_data_registered_itu_t_t35, user_data_unregistered (§D.1.6, §D.1.7).
 */
const USER_DATA = new Set([4, 5]);
/**
 * Maximum messages and bytes in an SEI that holds start codes; far more than signatures and certificates need. Without
 * a limit, a hostile access unit that is one SEI after the other would have all that follows searched for each of them.
 */
const MAX_PLAIN_MESSAGES = 16;
const MAX_PLAIN_BYTES = 64 * 1024;

/**
 * The NAL unit whose first byte is at `start`. Undefined when `unit` is only the beginning of an access unit (not
 * `isWhole`) and more bytes are needed to find its end.
 */
export function nalAt(unit: Buffer, start: number): NalPlace;
export function nalAt(unit: Buffer, start: number, isWhole: boolean): NalPlace | undefined;
export function nalAt(unit: Buffer, start: number, isWhole = true): NalPlace | undefined {
  if (nalType(unit[start] ?? 0) === NalType.sei) return seiAt(unit, start, isWhole);
  const code = startCodeAfter(unit, start);
  if (code === -1 && !isWhole) return undefined;
  return placeOf(unit, start, code === -1 ? unit.length : code);
}

/** Length of the start code at `at`: 4, 3, or 0 when there is none. */
export function startCodeLengthAt(unit: Buffer, at: number): number {
  if (unit[at] !== 0 || unit[at + 1] !== 0) return 0;
  if (unit[at + 2] === 1) return 3;
  return unit[at + 2] === 0 && unit[at + 3] === 1 ? 4 : 0;
}

/** Views of the NAL units of an access unit of a chunk, including one that a recorder would not write. */
export function splitAccessUnit(unit: Buffer): Buffer[] {
  if (startCodeLengthAt(unit, 0) !== START_CODE.length) return splitAnnexB(unit);
  const nals: Buffer[] = [];
  for (let at = START_CODE.length; at < unit.length; ) {
    const nal = nalAt(unit, at);
    if (nal.isShort) return splitAnnexB(unit);
    if (nal.end > nal.start) nals.push(unit.subarray(nal.start, nal.end));
    at = nal.next;
  }
  return nals;
}

/** Whether a NAL unit holds bytes that others may take for a start code. */
export function holdsStartCode(nal: Buffer): boolean {
  return nal.includes(SHORT_START_CODE);
}

function seiAt(unit: Buffer, start: number, isWhole: boolean): NalPlace | undefined {
  const code = startCodeAfter(unit, start);
  if (code === -1) return isWhole ? placeOf(unit, start, unit.length) : undefined;
  if (escapedMessagesFill(unit, start + 1, code)) return placeOf(unit, start, code);
  const end = plainMessagesEnd(unit, start + 1, code);
  if (end !== undefined && end < unit.length) return placeOf(unit, start, end);
  if (!isWhole) return undefined;
  if (end !== undefined) return placeOf(unit, start, end);
  const guess = unit.indexOf(START_CODE, start);
  return { ...placeOf(unit, start, guess === -1 ? unit.length : guess), isGuess: true };
}

function placeOf(unit: Buffer, start: number, end: number): NalPlace {
  const code = startCodeLengthAt(unit, end);
  return { start, end, next: end + code, isGuess: false, isShort: code === SHORT_START_CODE.length };
}

/** Where the next start code of three or four bytes begins; -1 when there is none. */
function startCodeAfter(unit: Buffer, start: number): number {
  const at = unit.indexOf(SHORT_START_CODE, start);
  return at > start && unit[at - 1] === 0 ? at - 1 : at;
}

/** Whether the bytes from `from` to `to` are exactly a series of SEI messages with emulation prevention. */
function escapedMessagesFill(unit: Buffer, from: number, to: number): boolean {
  let at = from;
  let zeros = 0;
  const next = (): number => {
    if (zeros >= 2 && unit[at] === 3) {
      at++;
      zeros = 0;
    }
    const byte = at < to ? (unit[at++] as number) : -1;
    zeros = byte === 0 ? zeros + 1 : 0;
    return byte;
  };
  const coded = (): number => {
    let value = 0;
    for (let byte = next(); ; byte = next()) {
      if (byte < 0) return -1;
      value += byte;
      if (byte !== 0xff) return value;
    }
  };
  for (;;) {
    if (at === to || (at === to - 1 && unit[at] === TRAILING_BITS)) return at > from;
    coded(); // payloadType
    let left = coded();
    if (left < 0) return false;
    for (; left > 0; left--) if (next() < 0) return false;
  }
}

/**
 * Where the SEI messages end that hold `code` (something like a start code) in user data without emulation prevention.
 * Undefined when they are not such messages, or continue beyond `unit`.
 */
function plainMessagesEnd(unit: Buffer, from: number, code: number): number | undefined {
  const limit = Math.min(unit.length, from + MAX_PLAIN_BYTES);
  for (let at = from, messages = 0; at < limit && messages < MAX_PLAIN_MESSAGES; messages++) {
    const type = codedAt(unit, at);
    const size = codedAt(unit, type.next);
    at = size.next + size.value;
    if (at > code && !USER_DATA.has(type.value)) return undefined;
    const isEnd = at + 1 >= unit.length || startCodeLengthAt(unit, at + 1) > 0;
    if (at > code && unit[at] === TRAILING_BITS && isEnd) return at + 1;
  }
  return undefined;
}

/** A payload type or size: the sum of bytes of 255 and a last, smaller one (§7.3.2.3.1). */
function codedAt(unit: Buffer, from: number): { value: number; next: number } {
  let at = from;
  while (unit[at] === 0xff && at - from <= MAX_PLAIN_BYTES / 0xff) at++;
  return { value: (at - from) * 0xff + (unit[at] ?? 0), next: at + 1 };
}
