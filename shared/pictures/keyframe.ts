import { holdsStartCode } from "../codec/h264/access-unit.ts";
import { NalType, nalType } from "../codec/h264/nal.ts";
import { type AvcConfiguration, parameterSetsOf } from "../mp4/avc-configuration.ts";
import { uint32 } from "../mp4/box.ts";
import { checkPictureSize } from "./picture-size.ts";

/** A picture to be decoded: an access unit that holds an IDR picture, its NAL units behind their lengths. */
export interface Keyframe {
  sample: Buffer;
  configuration: AvcConfiguration;
}

/**
 * A keyframe of its NAL units. An SEI that holds start codes is left out: no picture needs it, and decoders take it for damage.
 * Throws PictureTooLargeError when it, or what it goes by, tells of a picture with more than `maxPixels`.
 */
export function keyframeOf(nals: readonly Buffer[], configuration: AvcConfiguration, maxPixels: number): Keyframe {
  checkPictureSize(parameterSetsOf(configuration.avcC), maxPixels);
  checkPictureSize(nals, maxPixels);
  const needed = nals.filter((nal) => !isOpaqueSei(nal));
  return { sample: Buffer.concat(needed.flatMap((nal) => [uint32(nal.length), nal])), configuration };
}

/** Whether a NAL unit is an SEI in which a decoder would find start codes. */
export function isOpaqueSei(nal: Buffer): boolean {
  return nalType(nal[0] ?? 0) === NalType.sei && holdsStartCode(nal);
}
