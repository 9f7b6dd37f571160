import { isDeepStrictEqual } from "node:util";
import { displaySize, type Size } from "./display-size.ts";
import type { PictureFormat } from "./picture-format.ts";
import type { VideoCodec } from "./video-codec.ts";

/** What a decoder must know before the first picture. */
export interface VideoConfiguration {
  codec: VideoCodec;
  /** What `codec.configurationBoxType` holds in a file: the parameter sets and what they say of themselves. */
  boxContent: Buffer;
  /** RFC 6381, such as `avc1.64001f`. */
  codecString: string;
  /** Of the pictures as they are coded, after cropping. */
  width: number;
  height: number;
  /**
   * Further on pixels have another shape, or other colours. What a file's boxes say of them holds for all of it, so they say
   * nothing then: players go by the parameter sets that are in band.
   */
  formatChanges?: boolean;
}

/** The shape of the pixels and the colours; nothing where they change. */
export function pictureFormatOf({ codec, boxContent, formatChanges }: VideoConfiguration): PictureFormat {
  return formatChanges === true ? {} : codec.pictureFormatOf(boxContent);
}

/** Whether pixels have the same shape and colours under both. */
export function isSameFormat(one: VideoConfiguration, other: VideoConfiguration): boolean {
  return isSameConfiguration(one, other) || isDeepStrictEqual(pictureFormatOf(one), pictureFormatOf(other));
}

/** Whether a decoder must be told nothing new between both. */
export function isSameConfiguration(one: VideoConfiguration, other: VideoConfiguration): boolean {
  return one.codec === other.codec && one.boxContent.equals(other.boxContent);
}

/** The size at which the pictures are shown, in square pixels. */
export function displaySizeOf(configuration: VideoConfiguration): Size {
  return displaySize(configuration, pictureFormatOf(configuration).pixelAspect);
}
