import type { BitReader } from "../bit-reader.ts";
import { MAX_STRETCH, type PixelAspect } from "../display-size.ts";
import type { Colour, PictureFormat } from "../picture-format.ts";

/** What a sequence parameter set says about how its pictures are shown (ITU-T H.264 §E.2.1). */
export interface Vui extends PictureFormat {
  /** From the timing information, if present; many cameras send none, or a wrong one. */
  framesPerSecond?: number;
}

/** Sample aspect ratios by aspect_ratio_idc, from 1 on (Table E-1). */
// biome-ignore format: eight in a row
const ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1], [12, 11], [10, 11], [16, 11], [40, 33], [24, 11], [20, 11], [32, 11],
  [80, 33], [18, 11], [15, 11], [64, 33], [160, 99], [4, 3], [3, 2], [2, 1],
];
const EXTENDED_SAR = 255;
const UNSPECIFIED = 2;

/** Reads from vui_parameters_present_flag on. Where the VUI is cut off, the values before the cut are kept. */
export function readVui(reader: BitReader): Vui {
  const vui: Vui = {};
  try {
    if (reader.bit() === 1) readParameters(reader, vui);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return vui;
}

function readParameters(reader: BitReader, vui: Vui): void {
  if (reader.bit() === 1) {
    const pixelAspect = readAspectRatio(reader);
    if (pixelAspect !== undefined) vui.pixelAspect = pixelAspect;
  }
  if (reader.bit() === 1) reader.bit(); // overscan
  if (reader.bit() === 1) {
    const colour = readColour(reader);
    if (colour !== undefined) vui.colour = colour;
  }
  if (reader.bit() === 1) {
    reader.unsignedExpGolomb(); // chroma_sample_loc_type_top_field
    reader.unsignedExpGolomb(); // chroma_sample_loc_type_bottom_field
  }
  if (reader.bit() === 0) return; // timing_info_present_flag
  const unitsInTick = reader.bits(32);
  const timeScale = reader.bits(32);
  const framesPerSecond = timeScale / (2 * unitsInTick);
  if (framesPerSecond > 0 && framesPerSecond <= 1000) vui.framesPerSecond = framesPerSecond;
}

function readAspectRatio(reader: BitReader): PixelAspect | undefined {
  const idc = reader.bits(8);
  const [horizontal, vertical] =
    idc === EXTENDED_SAR ? [reader.bits(16), reader.bits(16)] : (ASPECT_RATIOS[idc - 1] ?? [0, 0]);
  if (horizontal === vertical || horizontal > vertical * MAX_STRETCH || vertical > horizontal * MAX_STRETCH) {
    return undefined; // also when one of them is 0, which stands for "unspecified"
  }
  return { horizontal, vertical };
}

function readColour(reader: BitReader): Colour | undefined {
  reader.bits(3); // video_format
  const isFullRange = reader.bit() === 1;
  const [primaries, transfer, matrix] =
    reader.bit() === 1
      ? ([reader.bits(8), reader.bits(8), reader.bits(8)] as const)
      : ([UNSPECIFIED, UNSPECIFIED, UNSPECIFIED] as const);
  const isTold = isFullRange || primaries !== UNSPECIFIED || transfer !== UNSPECIFIED || matrix !== UNSPECIFIED;
  return isTold ? { primaries, transfer, matrix, isFullRange } : undefined;
}
