import { BLACK, type Picture, WHITE } from "./picture.ts";

/**
 * A counter that can be read from the pixels by a program: a row of squares in the top left corner, each the size of
 * one macroblock, so that encoding does not blur them. Square 0 is always white, square 1 always black; squares 2 to 17
 * are the frame's index within its clip, 16 bits, most significant bit first, white for 1.
 */
const COUNTER_SQUARE_PX = 16;
const COUNTER_BITS = 16;
const COUNTER_WIDTH_PX = (COUNTER_BITS + 2) * COUNTER_SQUARE_PX;

export function drawPixelCounter(picture: Picture, index: number): void {
  const square = COUNTER_SQUARE_PX;
  picture.rect(0, 0, COUNTER_WIDTH_PX, square, BLACK);
  picture.rect(0, 0, square, square, WHITE);
  for (let bit = 0; bit < COUNTER_BITS; bit++) {
    if ((index >> (COUNTER_BITS - 1 - bit)) & 1) picture.rect((bit + 2) * square, 0, square, square, WHITE);
  }
}

/**
 * Reads the counter from a luma plane (one byte per pixel, `stride` bytes per row).
 * @returns the frame's index within its clip; undefined when the reference squares are not white and black.
 */
export function readPixelCounter(luma: Uint8Array, stride: number): number | undefined {
  const white = squareMean(luma, stride, 0);
  const black = squareMean(luma, stride, 1);
  if (white - black < 100) return undefined;
  const threshold = (white + black) / 2;
  let index = 0;
  for (let bit = 0; bit < COUNTER_BITS; bit++) {
    index = index * 2 + (squareMean(luma, stride, bit + 2) > threshold ? 1 : 0);
  }
  return index;
}

/** The mean of the square's middle half in each direction: the encoder may blur its edges. */
function squareMean(luma: Uint8Array, stride: number, square: number): number {
  const quarter = COUNTER_SQUARE_PX / 4;
  let sum = 0;
  for (let y = quarter; y < 3 * quarter; y++) {
    for (let x = quarter; x < 3 * quarter; x++) sum += luma[y * stride + square * COUNTER_SQUARE_PX + x] ?? 0;
  }
  return sum / (4 * quarter * quarter);
}
