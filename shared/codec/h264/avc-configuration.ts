import { BitReader } from "../bit-reader.ts";
import type { Size } from "../display-size.ts";
import { removeEmulationPrevention } from "../nal-units.ts";
import type { PictureFormat } from "../picture-format.ts";
import type { VideoCodec, VideoConfiguration } from "../video-codec.ts";
import { NalType, nalType } from "./nal.ts";
import { parseSps, SpsError } from "./sps.ts";

// Reads and writes the content of the `avcC` box (AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1).

/** Profiles for which `avcC` also has the chroma format and the bit depths. */
const PROFILES_WITH_CHROMA = new Set([100, 110, 122, 144, 244]);
const SETS_AT = 5;
const MIN_BYTES = SETS_AT + 2;

/** As `VideoCodec.configurationOf`: needs both kinds of parameter sets. */
export function configurationOf(codec: VideoCodec, nals: readonly Buffer[]): VideoConfiguration | undefined {
  const sequenceSets = nals.filter((nal) => nal.length >= 4 && nalType(nal[0] as number) === NalType.sps).slice(0, 31);
  const pictureSets = nals.filter((nal) => nal.length > 1 && nalType(nal[0] as number) === NalType.pps).slice(0, 255);
  const sps = sequenceSets[0];
  if (sps === undefined || pictureSets.length === 0) return undefined;
  if ([...sequenceSets, ...pictureSets].some((nal) => nal.length > 0xffff)) return undefined;
  return unlessDamaged(() => {
    const { width, height, codec: codecString } = parseSps(sps);
    const boxContent = Buffer.concat([
      Buffer.from([1, sps[1] as number, sps[2] as number, sps[3] as number]),
      Buffer.from([0xff]), // lengths of 4 bytes
      Buffer.from([0xe0 | sequenceSets.length]),
      ...sequenceSets.flatMap(withLength),
      Buffer.from([pictureSets.length]),
      ...pictureSets.flatMap(withLength),
      chromaFields(sps),
    ]);
    return { codec, boxContent, codecString, width, height };
  });
}

/** As `VideoCodec.readConfiguration`. */
export function readConfiguration(codec: VideoCodec, boxContent: Buffer, size: Size): VideoConfiguration | undefined {
  if (boxContent.length < MIN_BYTES || !readParameterSets(boxContent).isWhole) return undefined;
  return { codec, boxContent, codecString: `avc1.${boxContent.toString("hex", 1, 4)}`, ...size };
}

/** As `VideoCodec.pictureFormatOf`. A file without boxes for it still has the format in these parameter sets. */
export function pictureFormatOf(boxContent: Buffer): PictureFormat {
  const { sets, isWhole } = readParameterSets(boxContent);
  const [sps] = sets;
  if (!isWhole || sps === undefined) return {};
  const { pixelAspect, colour } = unlessDamaged(() => parseSps(sps)) ?? {};
  return { ...(pixelAspect && { pixelAspect }), ...(colour && { colour }) };
}

/** As `VideoCodec.parameterSetsIn`: sequence parameter sets first. */
export function parameterSetsIn(boxContent: Buffer): Buffer[] {
  return readParameterSets(boxContent).sets;
}

function readParameterSets(boxContent: Buffer): { sets: Buffer[]; isWhole: boolean } {
  const sets: Buffer[] = [];
  let at = SETS_AT;
  for (const mask of [0x1f, 0xff]) {
    const count = boxContent[at++];
    if (count === undefined) return { sets, isWhole: false };
    for (let left = count & mask; left > 0; left--) {
      const end = at + 2 <= boxContent.length ? at + 2 + boxContent.readUInt16BE(at) : Number.POSITIVE_INFINITY;
      if (end > boxContent.length) return { sets, isWhole: false };
      sets.push(boxContent.subarray(at + 2, end));
      at = end;
    }
  }
  return { sets, isWhole: true };
}

function unlessDamaged<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpsError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function withLength(nal: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(nal.length);
  return [length, nal];
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
