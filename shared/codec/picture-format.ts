import type { PixelAspect } from "./display-size.ts";

/** How sample values become colours: code points of ISO/IEC 23091-2 (Rec. ITU-T H.273); 2 is "unspecified". */
export interface Colour {
  primaries: number;
  transfer: number;
  matrix: number;
  /** Luma goes from 0 to 255; otherwise from 16 to 235. */
  isFullRange: boolean;
}

/** How pictures are to be shown. */
export interface PictureFormat {
  /**
   * Absent where pixels are square, where nothing is said, and for a ratio that no camera has: such a stream is damaged
   * or hostile.
   */
  pixelAspect?: PixelAspect;
  /** Absent where it says no more than a player assumes without it. */
  colour?: Colour;
}
