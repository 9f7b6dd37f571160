/** A picture to draw, which may be a part of a larger one; in pixels of that. */
export interface Picture {
  source: CanvasImageSource;
  x: number;
  y: number;
  width: number;
  height: number;
}
