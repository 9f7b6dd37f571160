import { START_CODE } from "../nal-units.ts";
import { nalAt, startCodeLengthAt } from "./access-unit.ts";

/** Bytes that are not NAL units behind four-byte start codes, as every access unit of a chunk must be. */
export class StartCodeError extends Error {
  override name = "StartCodeError";
}

/**
 * Overwrites the start codes of an access unit by the lengths of its NAL units (ISO/IEC 14496-15 §5.3.2), where they
 * stand: the size stays what it was, and each NAL unit keeps its bytes, also those that look like a start code in an SEI.
 *
 * A start code of three bytes has no room for a length. With `isShortOwn` it counts as bytes of the NAL unit before it;
 * otherwise it throws StartCodeError, and nothing of use is left in `unit`. So does a unit that does not begin with a start
 * code of four bytes, in either case.
 */
export function startCodesToLengths(unit: Buffer, isShortOwn = false): void {
  if (startCodeLengthAt(unit, 0) !== START_CODE.length) throw new StartCodeError("no four-byte start code");
  for (let start = START_CODE.length; start <= unit.length; ) {
    const nal = nalAt(unit, start);
    if (nal.isShort && !isShortOwn) throw new StartCodeError("a start code of three bytes");
    const end = nal.isShort ? unit.indexOf(START_CODE, nal.end) : nal.end;
    const endOfNal = end === -1 ? unit.length : end;
    unit.writeUInt32BE(endOfNal - start, start - START_CODE.length);
    start = endOfNal + START_CODE.length;
  }
}
