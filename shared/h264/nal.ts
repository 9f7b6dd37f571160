/** NAL unit types of H.264 that this system tells apart (ITU-T H.264 table 7-1). */
export const NalType = {
  slice: 1,
  partitionA: 2,
  idrSlice: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
} as const;

/** The type of a NAL unit, from its first byte (ITU-T H.264 §7.3.1). */
export function nalType(firstByte: number): number {
  return firstByte & 0x1f;
}

/** Whether a NAL unit type carries coded picture data (VCL, types 1 to 5). */
export function isVcl(type: number): boolean {
  return type >= 1 && type <= 5;
}

/** The Annex B start code that stands before every NAL unit in a chunk. */
export const START_CODE = Buffer.from([0, 0, 0, 1]);

/**
 * The payload of a NAL unit without its emulation prevention bytes (ITU-T H.264 §7.4.1.1): each 00 00 03 loses its 03.
 */
export function removeEmulationPrevention(nal: Buffer): Buffer {
  const out = Buffer.allocUnsafe(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

/** Splits Annex B bytes (start codes of three or four bytes) into views of its NAL units, empty ones left out. */
export function splitAnnexB(bytes: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = -1;
  for (let i = bytes.indexOf(START_CODE.subarray(1)); i !== -1; i = bytes.indexOf(START_CODE.subarray(1), i + 3)) {
    if (start !== -1) pushTrimmed(nals, bytes.subarray(start, i));
    start = i + 3;
  }
  if (start !== -1) pushTrimmed(nals, bytes.subarray(start));
  return nals;
}

/** Zero bytes before a start code belong to it (leading_zero_8bits, trailing_zero_8bits, Annex B.1.1). */
function pushTrimmed(nals: Buffer[], nal: Buffer): void {
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end--;
  if (end > 0) nals.push(nal.subarray(0, end));
}
