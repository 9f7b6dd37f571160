import type { VideoCodec } from "../codec/video-codec.ts";

/**
 * The largest picture of the highest level, 6.2, of H.264 (139,264 macroblocks, ITU-T H.264 table A-1) and H.265
 * (35,651,584 samples, ITU-T H.265 table A.8), such as 8192 × 4352. No camera sends larger ones.
 */
export const LARGEST_PIXELS = 139_264 * 256;

/** A picture has more pixels than `converter.maxPixels`, so it is not decoded. */
export class PictureTooLargeError extends Error {
  override name = "PictureTooLargeError";

  constructor(width: number, height: number, maxPixels: number) {
    super(`a picture of ${width}x${height}, more than converter.maxPixels (${maxPixels}) allows`);
  }
}

/**
 * Throws PictureTooLargeError when a parameter set among the NAL units announces a picture with more than `maxPixels`,
 * as coded, before cropping. Damaged sets are ignored.
 */
export function checkPictureSize(codec: VideoCodec, nals: Iterable<Buffer>, maxPixels: number): void {
  for (const { width, height } of codec.codedSizesIn(nals)) {
    if (width * height > maxPixels) throw new PictureTooLargeError(width, height, maxPixels);
  }
}
