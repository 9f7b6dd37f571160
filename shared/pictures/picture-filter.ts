import type { VideoConfiguration } from "../codec/video-codec.ts";
import { displaySizeOf } from "../codec/video-configuration.ts";

/** The full range that JPEG has, to the same bytes that ffmpeg makes by itself, but in 3 ms less for 1080p. */
const FULL_RANGE = "zscale=range=full";

/**
 * Options that make ffmpeg draw a picture as it is to be seen: in full range, and in square pixels, for no viewer of a JPEG
 * asks for the shape of its pixels. Without `zscale`, which not every ffmpeg has, ffmpeg sees to the range by itself.
 */
export function pictureFilter(configuration: VideoConfiguration, withZscale: boolean): string[] {
  const { width, height } = displaySizeOf(configuration);
  if (width === configuration.width && height === configuration.height) return withZscale ? ["-vf", FULL_RANGE] : [];
  const size = `w=${even(width)}:h=${even(height)}`;
  return ["-vf", `${withZscale ? `${FULL_RANGE}:${size}` : `scale=${size}`},setsar=1`];
}

/** Colour has half of the resolution, and zscale wants whole pixels of it. */
function even(side: number): number {
  return Math.round(side / 2) * 2;
}
