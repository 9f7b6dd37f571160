/** Access units that break rules, made without code of the product. */

const START_CODE = Buffer.from([0, 0, 0, 1]);

/** A sequence parameter set of the baseline profile (ITU-T H.264 §7.3.2.1.1) for pictures of this size. */
export function spsOf(widthInMacroblocks: number, heightInMacroblocks: number): Buffer {
  let bits = "";
  const ue = (value: number) => {
    const code = (value + 1).toString(2);
    bits += code.padStart(2 * code.length - 1, "0");
  };
  for (const value of [0, 0, 2, 1]) ue(value); // id, frame_num of 4 bits, output in decode order, one reference frame
  bits += "0";
  ue(widthInMacroblocks - 1);
  ue(heightInMacroblocks - 1);
  bits += "1100"; // frames only, direct_8x8_inference, no cropping, no VUI
  bits += "1";
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
  return withEmulationPrevention(Buffer.from([0x67, 66, 0xc0, 51, ...bytes]));
}

/** The access unit with its first sequence parameter set replaced by another. */
export function withSps(unit: Buffer, sps: Buffer): Buffer {
  const at = unit.indexOf(Buffer.from([0, 0, 0, 1, 0x67]));
  const next = unit.indexOf(START_CODE, at + 4);
  return Buffer.concat([unit.subarray(0, at), START_CODE, sps, unit.subarray(next)]);
}

/** An SEI of user data without emulation prevention, as ONVIF Media Signing allows (gortsplib #1156). */
function plainSei(payload: Buffer): Buffer {
  const sizes = [...Array(Math.floor(payload.length / 255)).fill(255), payload.length % 255];
  return Buffer.concat([Buffer.from([6, 5, ...sizes]), payload, Buffer.from([0x80])]);
}

/** An SEI that contains whole NAL units after start codes, an IDR slice among them. */
export const OPAQUE_SEI = opaqueSei();

/** Inserts `OPAQUE_SEI` before the picture of an access unit. */
export function withOpaqueSei(unit: Buffer): Buffer {
  const slices = [0x65, 0x41, 0x01, 0x61, 0x21].map((type) => unit.indexOf(Buffer.from([0, 0, 0, 1, type])));
  const at = Math.min(...slices.filter((place) => place !== -1));
  return Buffer.concat([unit.subarray(0, at), START_CODE, OPAQUE_SEI, unit.subarray(at)]);
}

function opaqueSei(): Buffer {
  const idr = Buffer.from([0x65, 0x88, 0x84, 0x21, 0xa0]);
  const bait = [START_CODE, idr, START_CODE.subarray(1), idr, START_CODE, Buffer.from([0x41, 0x9a, 1])];
  return plainSei(Buffer.concat([Buffer.alloc(16, 0xa5), ...bait, Buffer.alloc(2500, 0x33)]));
}

function withEmulationPrevention(bytes: Buffer): Buffer {
  const out: number[] = [];
  for (const byte of bytes) {
    if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3);
    out.push(byte);
  }
  return Buffer.from(out);
}
