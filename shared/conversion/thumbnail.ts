import sharp from "sharp";

const JPEG_QUALITY = 80;

/**
 * Makes a JPEG with a width of `width` pixels from a larger one, with the height in proportion. Throws when `preview`
 * is not a JPEG, or has more than `maxPixels`.
 */
export async function makeThumbnail(preview: Buffer, width: number, maxPixels: number): Promise<Buffer> {
  return await sharp(preview, { limitInputPixels: maxPixels })
    .resize({ width, withoutEnlargement: true })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}
