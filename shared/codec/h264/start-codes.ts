import { START_CODE } from "../nal-units.ts";
import { nalAt, startCodeLengthAt } from "./access-unit.ts";

/**
 * As `VideoCodec.startCodesToLengths` (ISO/IEC 14496-15 §5.3.2). Bytes in an SEI that look like a start code are kept.
 */
export function startCodesToLengths(unit: Buffer): void {
  if (startCodeLengthAt(unit, 0) !== START_CODE.length) throw new RangeError("no four-byte start code");
  for (let start = START_CODE.length; start <= unit.length; ) {
    const nal = nalAt(unit, start);
    const end = nal.isShort ? unit.indexOf(START_CODE, nal.end) : nal.end;
    const endOfNal = end === -1 ? unit.length : end;
    unit.writeUInt32BE(endOfNal - start, start - START_CODE.length);
    start = endOfNal + START_CODE.length;
  }
}
