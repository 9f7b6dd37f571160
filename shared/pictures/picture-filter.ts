import type { VideoConfiguration } from "../codec/video-codec.ts";
import { displaySizeOf } from "../codec/video-configuration.ts";

/** Converts to the full range of JPEG: the same bytes as ffmpeg's own conversion, but 3 ms faster for 1080p. */
const FULL_RANGE = "zscale=range=full";

/**
 * Options that make ffmpeg draw a picture as it is to be seen: in full range, and in square pixels, since viewers of
 * JPEG ignore the shape of pixels. Without `zscale`, which not every ffmpeg has, ffmpeg converts the range itself.
 */
export function pictureFilter(configuration: VideoConfiguration, withZscale: boolean): string[] {
  const { width, height } = displaySizeOf(configuration);
  if (width === configuration.width && height === configuration.height) return withZscale ? ["-vf", FULL_RANGE] : [];
  const size = `w=${even(width)}:h=${even(height)}`;
  return ["-vf", `${withZscale ? `${FULL_RANGE}:${size}` : `scale=${size}`},setsar=1`];
}

/** Colour has half the resolution, and zscale requires whole pixels of it. */
function even(side: number): number {
  return Math.round(side / 2) * 2;
}
