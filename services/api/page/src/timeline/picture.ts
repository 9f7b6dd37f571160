/** A picture to draw, which may be part of a larger one; coordinates are in pixels of the larger one. */
export interface Picture {
  source: CanvasImageSource;
  x: number;
  y: number;
  width: number;
  height: number;
}
