import { glyphColumns } from "./glyphs.ts";

/** A colour as BT.601 limited range Y, U, V. */
export type Colour = readonly [y: number, u: number, v: number];

/** Converts 8-bit sRGB to a {@link Colour}. */
export function rgb(r: number, g: number, b: number): Colour {
  return [
    Math.round(16 + 0.257 * r + 0.504 * g + 0.098 * b),
    Math.round(128 - 0.148 * r - 0.291 * g + 0.439 * b),
    Math.round(128 + 0.439 * r - 0.368 * g - 0.071 * b),
  ];
}

export const WHITE: Colour = [235, 128, 128];
export const BLACK: Colour = [16, 128, 128];

/** A planar YUV 4:2:0 picture to draw on. Shapes are clipped at the edges. Width and height must be even. */
export class Picture {
  readonly width: number;
  readonly height: number;
  /** The three planes, in the order of ffmpeg's rawvideo yuv420p. */
  readonly bytes: Buffer;
  private readonly luma: Buffer;
  private readonly u: Buffer;
  private readonly v: Buffer;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const size = width * height;
    this.bytes = Buffer.alloc((size * 3) / 2, 128);
    this.luma = this.bytes.subarray(0, size);
    this.u = this.bytes.subarray(size, size + size / 4);
    this.v = this.bytes.subarray(size + size / 4);
  }

  copyFrom(other: Picture): void {
    other.bytes.copy(this.bytes);
  }

  /** Fills a rectangle; its chroma covers every 2x2 block that it touches. */
  rect(left: number, top: number, width: number, height: number, colour: Colour): void {
    const x0 = Math.max(0, Math.round(left));
    const y0 = Math.max(0, Math.round(top));
    const x1 = Math.min(this.width, Math.round(left + width));
    const y1 = Math.min(this.height, Math.round(top + height));
    if (x0 >= x1 || y0 >= y1) return;
    for (let y = y0; y < y1; y++) this.luma.fill(colour[0], y * this.width + x0, y * this.width + x1);
    const stride = this.width / 2;
    for (let y = y0 >> 1; y < (y1 + 1) >> 1; y++) {
      const from = y * stride + (x0 >> 1);
      const to = y * stride + ((x1 + 1) >> 1);
      this.u.fill(colour[1], from, to);
      this.v.fill(colour[2], from, to);
    }
  }

  disc(centreX: number, centreY: number, radius: number, colour: Colour): void {
    for (let dy = -Math.floor(radius); dy <= radius; dy++) {
      const half = Math.sqrt(radius * radius - dy * dy);
      this.rect(centreX - half, centreY + dy, 2 * half, 1, colour);
    }
  }

  line(fromX: number, fromY: number, toX: number, toY: number, thickness: number, colour: Colour): void {
    const steps = Math.ceil(Math.hypot(toX - fromX, toY - fromY) / Math.max(1, thickness / 2));
    for (let i = 0; i <= steps; i++) {
      const x = fromX + ((toX - fromX) * i) / steps;
      const y = fromY + ((toY - fromY) * i) / steps;
      this.rect(x - thickness / 2, y - thickness / 2, thickness, thickness, colour);
    }
  }

  /** Draws text on a black background in glyphs of 5x7 squares of `dot` pixels; lower case is drawn as upper case. */
  text(left: number, top: number, dot: number, text: string, colour: Colour = WHITE): void {
    this.rect(left - dot, top - dot, (text.length * 6 + 1) * dot, 9 * dot, BLACK);
    let x = left;
    for (const character of text) {
      glyphColumns(character).forEach((bits, column) => {
        for (let row = 0; row < 7; row++) {
          if (bits & (1 << row)) this.rect(x + column * dot, top + row * dot, dot, dot, colour);
        }
      });
      x += 6 * dot;
    }
  }

  /** Fills the luma of a rectangle from a noise table, so that the encoder reaches its bit rate. */
  noise(left: number, top: number, width: number, height: number, table: Uint8Array, offset: number): void {
    const right = Math.min(this.width, left + width);
    const bottom = Math.min(this.height, top + height);
    for (let y = top; y < bottom; y++) {
      const from = (offset + y * 131) % (table.length - this.width);
      this.luma.set(table.subarray(from, from + right - left), y * this.width + left);
    }
  }
}
