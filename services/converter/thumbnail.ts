import sharp from "sharp";

const JPEG_QUALITY = 80;

/** A JPEG of `width` pixels from a larger one, its height in proportion. Throws when `preview` is no JPEG. */
export async function makeThumbnail(preview: Buffer, width: number): Promise<Buffer> {
  return await sharp(preview).resize({ width, withoutEnlargement: true }).jpeg({ quality: JPEG_QUALITY }).toBuffer();
}
