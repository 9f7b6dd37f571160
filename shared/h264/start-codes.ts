/** Bytes that are not NAL units behind four-byte start codes, as every access unit of a chunk must be. */
export class StartCodeError extends Error {
  override name = "StartCodeError";
}

const SHORT_START_CODE = Buffer.from([0, 0, 1]);
const LENGTH_BYTES = 4;

/**
 * Overwrites the start codes of an access unit by the lengths of its NAL units (ISO/IEC 14496-15 §5.3.2), where they
 * stand: the size stays what it was. Within a NAL unit there is no 00 00 01 (emulation prevention, ITU-T H.264 §7.4.1.1).
 * Throws StartCodeError, with nothing of use left in `unit`, when a start code has three bytes.
 */
export function startCodesToLengths(unit: Buffer): void {
  if (unit.length < LENGTH_BYTES || unit.readUInt32BE(0) !== 1) throw new StartCodeError("no four-byte start code");
  let start = LENGTH_BYTES;
  for (let at = unit.indexOf(SHORT_START_CODE, start); at !== -1; at = unit.indexOf(SHORT_START_CODE, start)) {
    const end = at - 1;
    if (end < start || unit[end] !== 0) throw new StartCodeError("a start code of three bytes");
    unit.writeUInt32BE(end - start, start - LENGTH_BYTES);
    start = end + LENGTH_BYTES;
  }
  unit.writeUInt32BE(unit.length - start, start - LENGTH_BYTES);
}
