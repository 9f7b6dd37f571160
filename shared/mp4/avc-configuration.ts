import { isDeepStrictEqual } from "node:util";
import { BitReader } from "../codec/bit-reader.ts";
import { displaySize, type Size } from "../codec/display-size.ts";
import { NalType, nalType } from "../codec/h264/nal.ts";
import { parseSps, SpsError } from "../codec/h264/sps.ts";
import type { Vui } from "../codec/h264/vui.ts";
import { removeEmulationPrevention } from "../codec/nal-units.ts";
import { uint16 } from "./box.ts";
import { Mp4Error } from "./box-reader.ts";

/** What a decoder must know before the first sample. */
export interface AvcConfiguration {
  /** Content of the `avcC` box (ISO/IEC 14496-15 §5.3.3.1). */
  avcC: Buffer;
  /** RFC 6381, such as `avc1.64001f`. */
  codec: string;
  /** Of the pictures as they are coded, after cropping. */
  width: number;
  height: number;
  /**
   * Further on pixels have another shape, or other colours. What a file's boxes say of them holds for all of it, so they say
   * nothing then: players go by the parameter sets that are in band.
   */
  formatChanges?: boolean;
}

type PictureFormat = Pick<Vui, "pixelAspect" | "colour">;

/** Profiles for which `avcC` also tells the chroma format and the bit depths. */
const PROFILES_WITH_CHROMA = new Set([100, 110, 122, 144, 244]);

/**
 * The configuration that the parameter sets among a keyframe's NAL units give, or undefined when it has not both kinds.
 * Throws SpsError when the sequence parameter set is damaged.
 */
export function avcConfigurationOf(nals: readonly Buffer[]): AvcConfiguration | undefined {
  const sequenceSets = nals.filter((nal) => nal.length >= 4 && nalType(nal[0] as number) === NalType.sps).slice(0, 31);
  const pictureSets = nals.filter((nal) => nal.length > 1 && nalType(nal[0] as number) === NalType.pps).slice(0, 255);
  const sps = sequenceSets[0];
  if (sps === undefined || pictureSets.length === 0) return undefined;
  if ([...sequenceSets, ...pictureSets].some((nal) => nal.length > 0xffff)) return undefined;
  const { width, height, codec } = parseSps(sps);
  const avcC = Buffer.concat([
    Buffer.from([1, sps[1] as number, sps[2] as number, sps[3] as number]),
    Buffer.from([0xff]), // lengths of 4 bytes
    Buffer.from([0xe0 | sequenceSets.length]),
    ...sequenceSets.flatMap((nal) => [uint16(nal.length), nal]),
    Buffer.from([pictureSets.length]),
    ...pictureSets.flatMap((nal) => [uint16(nal.length), nal]),
    chromaFields(sps),
  ]);
  return { avcC, codec, width, height };
}

/**
 * The shape of the pixels and the colours, from the first sequence parameter set in `avcC`: also a file that says nothing of
 * them in boxes of their own has them there. Nothing where it is damaged, or where they change.
 */
export function pictureFormatOf({ avcC, formatChanges }: AvcConfiguration): PictureFormat {
  if (formatChanges === true) return {};
  try {
    const [sps] = parameterSetsOf(avcC);
    const { pixelAspect, colour } = sps === undefined ? {} : parseSps(sps);
    return { ...(pixelAspect && { pixelAspect }), ...(colour && { colour }) };
  } catch (error) {
    if (error instanceof SpsError || error instanceof Mp4Error) return {};
    throw error;
  }
}

/** Whether pixels have the same shape and colours under both. */
export function isSameFormat(one: AvcConfiguration, other: AvcConfiguration): boolean {
  return one.avcC.equals(other.avcC) || isDeepStrictEqual(pictureFormatOf(one), pictureFormatOf(other));
}

/** The size at which the pictures are shown, in square pixels. */
export function displaySizeOf(configuration: AvcConfiguration): Size {
  return displaySize(configuration, pictureFormatOf(configuration).pixelAspect);
}

/** The parameter sets in the content of an `avcC` box, sequence parameter sets first. Throws Mp4Error. */
export function parameterSetsOf(avcC: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = avcC[at++];
    if (count === undefined) throw new Mp4Error(`box "avcC" ends too early`);
    for (let left = count & mask; left > 0; left--) {
      const end = at + 2 <= avcC.length ? at + 2 + avcC.readUInt16BE(at) : Number.POSITIVE_INFINITY;
      if (end > avcC.length) throw new Mp4Error(`box "avcC" ends too early`);
      nals.push(avcC.subarray(at + 2, end));
      at = end;
    }
  }
  return nals;
}

function chromaFields(sps: Buffer): Buffer {
  if (!PROFILES_WITH_CHROMA.has(sps[1] as number)) return Buffer.alloc(0);
  const reader = new BitReader(removeEmulationPrevention(sps).subarray(4));
  reader.unsignedExpGolomb(); // seq_parameter_set_id
  const chromaFormat = reader.unsignedExpGolomb();
  if (chromaFormat === 3) reader.bit(); // separate_colour_plane_flag
  const lumaDepth = reader.unsignedExpGolomb();
  const chromaDepth = reader.unsignedExpGolomb();
  return Buffer.from([0xfc | (chromaFormat & 3), 0xf8 | (lumaDepth & 7), 0xf8 | (chromaDepth & 7), 0]);
}
