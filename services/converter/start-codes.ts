/** Bytes that are not NAL units behind four-byte start codes, as every access unit of a chunk must be. */
export class StartCodeError extends Error {
  override name = "StartCodeError";
}

const TWO_ZEROS = Buffer.from([0, 0]);
const LENGTH_BYTES = 4;

/**
 * Overwrites the start codes of an access unit by the lengths of its NAL units (ISO/IEC 14496-15 §5.3.2), where they
 * stand: the size stays what it was. Two zero bytes are looked for, which is half the work of looking for 00 00 01; within
 * a NAL unit they are rare (emulation prevention, ITU-T H.264 §7.4.1.1). Throws StartCodeError, with nothing of use left in
 * `unit`, when a start code has three bytes.
 */
export function startCodesToLengths(unit: Buffer): void {
  if (unit.length < LENGTH_BYTES || unit.readUInt32BE(0) !== 1) throw new StartCodeError("no four-byte start code");
  let start = LENGTH_BYTES;
  for (let at = unit.indexOf(TWO_ZEROS, start); at !== -1; at = unit.indexOf(TWO_ZEROS, at)) {
    const third = unit[at + 2];
    if (third === 1) throw new StartCodeError("a start code of three bytes");
    if (third === 0 && unit[at + 3] === 1) {
      unit.writeUInt32BE(at - start, start - LENGTH_BYTES);
      start = at + LENGTH_BYTES;
      at = start;
    } else {
      at += third === 0 ? 1 : 3;
    }
  }
  unit.writeUInt32BE(unit.length - start, start - LENGTH_BYTES);
}
