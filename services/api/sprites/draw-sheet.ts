import sharp from "sharp";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { LARGEST_PIXELS } from "../../../shared/pictures/picture-size.ts";

// A change to the output of this file must increase SPRITE_LAYOUT in shared/store/names.ts.

/** A cell is 16:9 and consists of whole JPEG blocks (16 × 16 pixels), so that no cell affects its neighbours. */
const CELL_WIDTH = 256;
const CELL_HEIGHT = 144;
const COLUMNS = 10;
const DARK = 0x18;
const JPEG_QUALITY = 75;
const CHANNELS = 3;

/**
 * Draws the thumbnails of an hour as one JPEG: ten cells a row, one for each minute, with the whole picture fitted
 * into it. A minute without a thumbnail, or with one that cannot be read, gets a dark cell; `onBad` is called for the
 * latter. Takes one thread at a time.
 */
export async function drawSheet(
  files: StoreFiles,
  paths: readonly (string | undefined)[],
  onBad: (path: string, error: unknown) => void,
): Promise<Buffer> {
  const width = CELL_WIDTH * COLUMNS;
  const height = CELL_HEIGHT * Math.ceil(paths.length / COLUMNS);
  const sheet = Buffer.alloc(width * height * CHANNELS, DARK);
  for (const [i, path] of paths.entries()) {
    if (path === undefined) continue;
    try {
      const row = Math.floor(i / COLUMNS);
      const at = (row * CELL_HEIGHT * width + (i % COLUMNS) * CELL_WIDTH) * CHANNELS;
      copyCell(await decodeCell(await files.readFile(path)), sheet, at, width * CHANNELS);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") onBad(path, error);
    }
  }
  const raw = { width, height, channels: CHANNELS } as const;
  return await sharp(sheet, { raw }).jpeg({ quality: JPEG_QUALITY }).toBuffer();
}

/** Decodes a thumbnail to CELL_WIDTH × CELL_HEIGHT pixels of three bytes. */
async function decodeCell(jpeg: Buffer): Promise<Buffer> {
  return await sharp(jpeg, { limitInputPixels: LARGEST_PIXELS })
    .resize({
      width: CELL_WIDTH,
      height: CELL_HEIGHT,
      fit: "contain",
      background: { r: DARK, g: DARK, b: DARK },
    })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer();
}

function copyCell(cell: Buffer, sheet: Buffer, at: number, stride: number): void {
  const line = CELL_WIDTH * CHANNELS;
  for (let y = 0; y < CELL_HEIGHT; y++) cell.copy(sheet, at + y * stride, y * line, (y + 1) * line);
}
