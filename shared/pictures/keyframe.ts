import { joinWithLengths } from "../codec/nal-units.ts";
import type { VideoConfiguration } from "../codec/video-codec.ts";
import { checkPictureSize } from "./picture-size.ts";

/** A picture to be decoded that needs no other, its NAL units behind their lengths. */
export interface Keyframe {
  sample: Buffer;
  configuration: VideoConfiguration;
}

/**
 * A keyframe of its NAL units. An SEI that holds start codes is left out: no picture needs it, and decoders take it for damage.
 * Throws PictureTooLargeError when it, or what it goes by, tells of a picture with more than `maxPixels`.
 */
export function keyframeOf(nals: readonly Buffer[], configuration: VideoConfiguration, maxPixels: number): Keyframe {
  const { codec, boxContent } = configuration;
  checkPictureSize(codec, codec.parameterSetsIn(boxContent), maxPixels);
  checkPictureSize(codec, nals, maxPixels);
  return { sample: joinWithLengths(nals.filter((nal) => !codec.isOpaqueSei(nal))), configuration };
}
