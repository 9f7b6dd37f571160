import { joinWithLengths } from "../codec/nal-units.ts";
import type { VideoConfiguration } from "../codec/video-codec.ts";
import { checkPictureSize } from "./picture-size.ts";

/** A picture that can be decoded without any other: its NAL units behind their lengths. */
export interface Keyframe {
  sample: Buffer;
  configuration: VideoConfiguration;
}

/**
 * Makes a Keyframe from NAL units. Leaves out SEI that hold start codes: no picture needs them, and decoders take them
 * for damage. Throws PictureTooLargeError when the parameter sets, in band or in the configuration, announce more than
 * `maxPixels`.
 */
export function keyframeOf(nals: readonly Buffer[], configuration: VideoConfiguration, maxPixels: number): Keyframe {
  const { codec, boxContent } = configuration;
  checkPictureSize(codec, codec.parameterSetsIn(boxContent), maxPixels);
  checkPictureSize(codec, nals, maxPixels);
  return { sample: joinWithLengths(nals.filter((nal) => !codec.isOpaqueSei(nal))), configuration };
}
