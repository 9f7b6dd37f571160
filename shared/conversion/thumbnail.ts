import sharp from "sharp";

const JPEG_QUALITY = 80;

/**
 * A JPEG of `width` pixels from a larger one, its height in proportion. Throws when `preview` is no JPEG, or has more than
 * `maxPixels`.
 */
export async function makeThumbnail(preview: Buffer, width: number, maxPixels: number): Promise<Buffer> {
  return await sharp(preview, { limitInputPixels: maxPixels })
    .resize({ width, withoutEnlargement: true })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}
