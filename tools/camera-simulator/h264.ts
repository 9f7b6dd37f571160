/** NAL unit helpers (ITU-T H.264 §7.3.1, §7.4.1, Annex B, Annex D). Pure: bytes in, values out. */

export const NAL_IDR = 5;
export const NAL_SEI = 6;
export const NAL_SPS = 7;
export const NAL_PPS = 8;
export const NAL_AUD = 9;

/** The UUID of the simulator's own user_data_unregistered SEI message: a7c1f2d0-5b3e-4c8a-9f16-2e7d84b09c53. */
const FRAME_SEI_UUID = Buffer.from("a7c1f2d05b3e4c8a9f162e7d84b09c53", "hex");

const START_CODE = Buffer.from([0, 0, 0, 1]);
const SEI_USER_DATA_UNREGISTERED = 5;
const FRAME_SEI_PAYLOAD_BYTES = 32;

/** primary_pic_type 7 allows any slice types, so that it is correct for every picture (§7.4.2.4). */
export const ACCESS_UNIT_DELIMITER = Buffer.from([NAL_AUD, 0xf0]);

export function nalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** Splits an Annex B byte stream into its NAL units, without start codes or trailing zeros. They are views of `stream`. */
export function splitAnnexB(stream: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let begin = -1;
  let at = stream.indexOf("\0\0\x01", 0, "latin1");
  while (at >= 0) {
    if (begin >= 0) nals.push(trimZeros(stream, begin, at));
    begin = at + 3;
    at = stream.indexOf("\0\0\x01", begin, "latin1");
  }
  if (begin >= 0) nals.push(trimZeros(stream, begin, stream.length));
  return nals.filter((nal) => nal.length > 0);
}

function trimZeros(stream: Buffer, begin: number, end: number): Buffer {
  let last = end;
  while (last > begin && stream[last - 1] === 0) last--;
  return stream.subarray(begin, last);
}

/** The NAL units as a byte stream, each after a four-byte start code. */
export function joinAnnexB(nals: readonly Buffer[]): Buffer {
  return Buffer.concat(nals.flatMap((nal) => [START_CODE, nal]));
}

/** Inserts emulation prevention bytes: a NAL unit must not contain 00 00 followed by 00..03 (§7.4.1.1). */
export function addEmulationPrevention(rbsp: Uint8Array): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}

/** Removes emulation prevention bytes. */
export function removeEmulationPrevention(nal: Uint8Array): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}

/** What the simulator writes into every countable access unit. */
export interface FrameMark {
  /** Number of the frame, in decode order, since the camera's start. */
  n: number;
  /** Capture time on the simulator's clock, µs since the Unix epoch. */
  captureTimeUs: number;
}

/** An SEI NAL unit (user_data_unregistered, §D.1.7) carrying the mark as two unsigned 64-bit big-endian numbers. */
export function buildFrameSei(mark: FrameMark): Buffer {
  const rbsp = Buffer.alloc(2 + FRAME_SEI_PAYLOAD_BYTES + 1);
  rbsp[0] = SEI_USER_DATA_UNREGISTERED;
  rbsp[1] = FRAME_SEI_PAYLOAD_BYTES;
  FRAME_SEI_UUID.copy(rbsp, 2);
  rbsp.writeBigUInt64BE(BigInt(mark.n), 18);
  rbsp.writeBigUInt64BE(BigInt(mark.captureTimeUs), 26);
  rbsp[34] = 0x80; // rbsp_trailing_bits
  return Buffer.concat([Buffer.from([NAL_SEI]), addEmulationPrevention(rbsp)]);
}

/** Reads a mark that {@link buildFrameSei} wrote; undefined for any other NAL unit. */
export function readFrameSei(nal: Uint8Array): FrameMark | undefined {
  if (nalType(nal) !== NAL_SEI) return undefined;
  const rbsp = removeEmulationPrevention(nal.subarray(1));
  if (rbsp.length < 34 || rbsp[0] !== SEI_USER_DATA_UNREGISTERED || rbsp[1] !== FRAME_SEI_PAYLOAD_BYTES) {
    return undefined;
  }
  if (!rbsp.subarray(2, 18).equals(FRAME_SEI_UUID)) return undefined;
  return { n: Number(rbsp.readBigUInt64BE(18)), captureTimeUs: Number(rbsp.readBigUInt64BE(26)) };
}
