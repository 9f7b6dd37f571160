import { BitReader } from "../bit-reader.ts";
import { removeEmulationPrevention } from "../nal-units.ts";
import { NalType, nalType } from "./nal.ts";
import { readVui, type Vui } from "./vui.ts";

/** What a sequence parameter set says about the pictures (ITU-T H.264 §7.3.2.1.1, §E.1.1). */
export interface Sps extends Vui {
  /**
   * Size of the picture in pixels, after cropping; the display size differs where pixels are not square
   * (`displaySize`).
   */
  width: number;
  height: number;
  /** Size of the coded picture in pixels, before cropping: this is what a decoder must hold. */
  codedWidth: number;
  codedHeight: number;
  /** RFC 6381 codec string, such as `avc1.64001f`. */
  codec: string;
  profileIdc: number;
  constraintFlags: number;
  levelIdc: number;
}

/** A sequence parameter set that violates ITU-T H.264. */
export class SpsError extends Error {
  override name = "SpsError";
}

/** High profiles, whose SPS carries the chroma format and scaling matrices (§7.3.2.1.1). */
const PROFILES_WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_SIDE = 16_384;

/** Reads a sequence parameter set NAL unit, including its header byte. Throws SpsError when it is no SPS or damaged. */
export function parseSps(nal: Buffer): Sps {
  if (nal.length < 5 || nalType(nal[0] as number) !== NalType.sps) throw new SpsError("not a sequence parameter set");
  try {
    return readSps(removeEmulationPrevention(nal));
  } catch (error) {
    if (error instanceof RangeError) throw new SpsError(`damaged sequence parameter set: ${error.message}`);
    throw error;
  }
}

function readSps(bytes: Buffer): Sps {
  const profileIdc = bytes.readUInt8(1);
  const constraintFlags = bytes.readUInt8(2);
  const levelIdc = bytes.readUInt8(3);
  const reader = new BitReader(bytes.subarray(4));
  reader.unsignedExpGolomb(); // seq_parameter_set_id
  const chromaFormat = PROFILES_WITH_CHROMA.has(profileIdc) ? readChroma(reader) : { idc: 1, separatePlanes: false };
  reader.unsignedExpGolomb(); // log2_max_frame_num_minus4
  skipPictureOrderCount(reader);
  reader.unsignedExpGolomb(); // max_num_ref_frames
  reader.bit(); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = reader.unsignedExpGolomb() + 1;
  const heightInMapUnits = reader.unsignedExpGolomb() + 1;
  const frameMacroblocksOnly = reader.bit();
  if (frameMacroblocksOnly === 0) reader.bit(); // mb_adaptive_frame_field_flag
  reader.bit(); // direct_8x8_inference_flag
  let cropX = 0;
  let cropY = 0;
  if (reader.bit() === 1) {
    cropX = reader.unsignedExpGolomb() + reader.unsignedExpGolomb();
    cropY = reader.unsignedExpGolomb() + reader.unsignedExpGolomb();
  }
  const arrayType = chromaFormat.separatePlanes ? 0 : chromaFormat.idc;
  const cropUnitX = arrayType === 1 || arrayType === 2 ? 2 : 1;
  const cropUnitY = (arrayType === 1 ? 2 : 1) * (2 - frameMacroblocksOnly);
  const codedWidth = widthInMacroblocks * 16;
  const codedHeight = heightInMapUnits * (2 - frameMacroblocksOnly) * 16;
  const width = codedWidth - cropX * cropUnitX;
  const height = codedHeight - cropY * cropUnitY;
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new SpsError(`damaged sequence parameter set: a picture of ${width}x${height}`);
  }
  const codec = `avc1.${[profileIdc, constraintFlags, levelIdc].map((v) => v.toString(16).padStart(2, "0")).join("")}`;
  return { width, height, codedWidth, codedHeight, codec, profileIdc, constraintFlags, levelIdc, ...readVui(reader) };
}

function readChroma(reader: BitReader): { idc: number; separatePlanes: boolean } {
  const idc = reader.unsignedExpGolomb();
  const separatePlanes = idc === 3 && reader.bit() === 1;
  reader.unsignedExpGolomb(); // bit_depth_luma_minus8
  reader.unsignedExpGolomb(); // bit_depth_chroma_minus8
  reader.bit(); // qpprime_y_zero_transform_bypass_flag
  if (reader.bit() === 1) {
    for (let list = 0; list < (idc === 3 ? 12 : 8); list++) {
      if (reader.bit() === 1) skipScalingList(reader, list < 6 ? 16 : 64);
    }
  }
  return { idc, separatePlanes };
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size && next !== 0; i++) {
    next = (last + reader.signedExpGolomb() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrderCount(reader: BitReader): void {
  const type = reader.unsignedExpGolomb();
  if (type === 0) {
    reader.unsignedExpGolomb(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    reader.bit(); // delta_pic_order_always_zero_flag
    reader.signedExpGolomb(); // offset_for_non_ref_pic
    reader.signedExpGolomb(); // offset_for_top_to_bottom_field
    const cycle = reader.unsignedExpGolomb();
    if (cycle > 255) throw new SpsError("damaged sequence parameter set: a picture order cycle of more than 255");
    for (let i = 0; i < cycle; i++) reader.signedExpGolomb();
  }
}
