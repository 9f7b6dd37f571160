import { isDeepStrictEqual } from "node:util";
import { displaySize, type Size } from "./display-size.ts";
import type { PictureFormat } from "./picture-format.ts";
import type { VideoConfiguration } from "./video-codec.ts";

/** The shape of the pixels and the colours; empty where they change. */
export function pictureFormatOf({ codec, boxContent, formatChanges }: VideoConfiguration): PictureFormat {
  return formatChanges === true ? {} : codec.pictureFormatOf(boxContent);
}

/** Whether the shape of the pixels and the colours are the same in both. */
export function isSameFormat(one: VideoConfiguration, other: VideoConfiguration): boolean {
  return isSameConfiguration(one, other) || isDeepStrictEqual(pictureFormatOf(one), pictureFormatOf(other));
}

/** Whether a decoder needs no new parameters between both. */
export function isSameConfiguration(one: VideoConfiguration, other: VideoConfiguration): boolean {
  return one.codec === other.codec && one.boxContent.equals(other.boxContent);
}

/** The size at which the pictures are shown, in square pixels. */
export function displaySizeOf(configuration: VideoConfiguration): Size {
  return displaySize(configuration, pictureFormatOf(configuration).pixelAspect);
}
