import type { PixelAspect } from "./display-size.ts";

/** How the numbers of a picture become colours: code points of ISO/IEC 23091-2 (Rec. ITU-T H.273); 2 is "unspecified". */
export interface Colour {
  primaries: number;
  transfer: number;
  matrix: number;
  /** Luma from 0 to 255; else from 16 to 235. */
  isFullRange: boolean;
}

/** How pictures are to be shown. */
export interface PictureFormat {
  /** Absent where pixels are square, nothing is said, or a ratio that no camera has: such a stream is damaged or hostile. */
  pixelAspect?: PixelAspect;
  /** Absent where it tells no more than a player assumes by itself. */
  colour?: Colour;
}
