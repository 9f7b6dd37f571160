import { NalType, nalType } from "../codec/h264/nal.ts";
import { parseSps, SpsError } from "../codec/h264/sps.ts";

/**
 * The largest picture of any level of H.264: 139,264 macroblocks (ITU-T H.264 table A-1, MaxFS of level 6.2), such as
 * 8192 × 4352. What is larger no camera sends.
 */
export const LARGEST_H264_PIXELS = 139_264 * 256;

/** A picture has more pixels than `converter.maxPixels`: nobody decodes it. */
export class PictureTooLargeError extends Error {
  override name = "PictureTooLargeError";

  constructor(width: number, height: number, maxPixels: number) {
    super(`a picture of ${width}x${height}, more than converter.maxPixels (${maxPixels}) allows`);
  }
}

/**
 * Throws PictureTooLargeError when a sequence parameter set among the NAL units tells of a picture with more pixels than a
 * decoder may be asked for: as it is coded, before cropping. A set that is damaged says nothing.
 */
export function checkPictureSize(nals: Iterable<Buffer>, maxPixels: number): void {
  for (const nal of nals) {
    if (nalType(nal[0] ?? 0) !== NalType.sps) continue;
    const size = codedSizeOf(nal);
    if (size === undefined || size.width * size.height <= maxPixels) continue;
    throw new PictureTooLargeError(size.width, size.height, maxPixels);
  }
}

function codedSizeOf(sps: Buffer): { width: number; height: number } | undefined {
  try {
    const { codedWidth, codedHeight } = parseSps(sps);
    return { width: codedWidth, height: codedHeight };
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  }
}
