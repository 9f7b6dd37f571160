/** The Annex B start code before every NAL unit in a chunk. */
export const START_CODE = Buffer.from([0, 0, 0, 1]);
const LENGTH_BYTES = 4;

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

/** Splits Annex B bytes (start codes of three or four bytes) into views of the NAL units; empty ones are left out. */
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

/**
 * Views of the NAL units of an mp4 sample, each of which follows its length of four bytes (ISO/IEC 14496-15 §4.3.3.1);
 * where the sample is cut short or damaged, those that are whole. `restBytes` is the number of bytes after them, 0
 * where they fill the sample.
 */
export function splitLengths(sample: Buffer): { nals: Buffer[]; restBytes: number } {
  const nals: Buffer[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= sample.length) {
    const end = at + LENGTH_BYTES + sample.readUInt32BE(at);
    if (end > sample.length) break;
    nals.push(sample.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return { nals, restBytes: sample.length - at };
}

/** Makes a sample of an mp4 from NAL units. */
export function joinWithLengths(nals: readonly Buffer[]): Buffer {
  return Buffer.concat(nals.flatMap((nal) => [lengthOf(nal), nal]));
}

function lengthOf(nal: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(nal.length);
  return length;
}

/** Zero bytes before a start code belong to it (leading_zero_8bits, trailing_zero_8bits, Annex B.1.1). */
function pushTrimmed(nals: Buffer[], nal: Buffer): void {
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end--;
  if (end > 0) nals.push(nal.subarray(0, end));
}
