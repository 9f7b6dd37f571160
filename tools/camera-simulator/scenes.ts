import { BLACK, type Picture, rgb, WHITE } from "./picture.ts";
import { drawPixelCounter } from "./pixel-counter.ts";
import { createRandom, type Random } from "./random.ts";

export type SceneName = "testcard" | "garden" | "street";
export const SCENE_NAMES: readonly SceneName[] = ["testcard", "garden", "street"];

/** The time for which a frame is drawn. `seconds` runs from 0 to the clip's length. */
interface Moment {
  index: number;
  seconds: number;
}

interface Scene {
  background(picture: Picture, random: Random): void;
  foreground(picture: Picture, moment: Moment, random: Random): void;
}

/** Draws the frames of one clip: the scene, the label, the frame's number as text, and the pixel counter. */
export class ScenePainter {
  private readonly scene: Scene;
  private readonly label: string;
  private readonly picture: Picture;
  private readonly still: Picture;
  private readonly random = createRandom(7);

  constructor(name: SceneName, label: string, picture: Picture, still: Picture) {
    this.scene = SCENES[name];
    this.label = label;
    this.picture = picture;
    this.still = still;
    this.scene.background(still, createRandom(42));
  }

  /** Draws frame `index`, `seconds` after the clip's first frame, on the constructor's picture. */
  paint(index: number, seconds: number): void {
    const { picture } = this;
    picture.copyFrom(this.still);
    this.scene.foreground(picture, { index, seconds }, this.random);
    drawPixelCounter(picture, index);
    const dot = Math.max(2, Math.round(picture.height / 240));
    picture.text(4 * dot, 16 + 4 * dot, dot, `${this.label} ${String(index).padStart(5, "0")}`);
  }
}

const GRASS = rgb(74, 120, 58);
const NOISE = noiseTable();

/** Colour bars, a moving line, and a field of noise so that the encoder reaches its bit rate. */
const testcard: Scene = {
  background(picture) {
    const bars = [
      [235, 235, 235],
      [200, 200, 20],
      [20, 200, 200],
      [20, 200, 20],
      [200, 20, 200],
      [200, 20, 20],
      [20, 20, 200],
    ] as const;
    const width = picture.width / bars.length;
    bars.forEach(([r, g, b], i) => {
      picture.rect(i * width, 0, width + 1, picture.height, rgb(r * 0.7, g * 0.7, b * 0.7));
    });
  },
  foreground(picture, { seconds }, random) {
    const side = Math.floor(Math.min(picture.width, picture.height) / 2) & ~15;
    picture.noise((picture.width - side) & ~15, (picture.height - side) & ~15, side, side, NOISE, random.below(60000));
    picture.rect((seconds * picture.width) / 5 - Math.floor(seconds / 5) * picture.width, 0, 8, picture.height, WHITE);
  },
};

const garden: Scene = {
  background(picture, random) {
    const { width, height } = picture;
    for (let y = 0; y < height * 0.45; y++) {
      const t = y / (height * 0.45);
      picture.rect(0, y, width, 1, rgb(110 + 70 * t, 165 + 45 * t, 225));
    }
    picture.rect(0, height * 0.45, width, height, GRASS);
    for (let i = 0; i < 2500; i++) {
      const y = height * (0.46 + 0.54 * random.next());
      picture.rect(random.next() * width, y, 2, 5, rgb(60 + 40 * random.next(), 110 + 50 * random.next(), 50));
    }
    for (let x = 0; x < width; x += width / 32) {
      picture.rect(x, height * 0.4, width / 48, height * 0.1, rgb(150, 112, 72));
    }
    picture.rect(0, height * 0.42, width, height * 0.012, rgb(130, 95, 60));
    for (const [x, size] of [
      [0.14, 0.16],
      [0.78, 0.2],
    ] as const) {
      picture.rect(width * x - height * 0.02, height * 0.4, height * 0.04, height * 0.28, rgb(92, 64, 42));
      for (let i = 0; i < 24; i++) {
        const a = random.next() * Math.PI * 2;
        const r = random.next() * height * size * 0.6;
        picture.disc(
          width * x + Math.cos(a) * r,
          height * 0.3 + Math.sin(a) * r * 0.7,
          height * size * 0.3,
          rgb(34 + 40 * random.next(), 92 + 40 * random.next(), 40),
        );
      }
    }
    for (let i = 0; i < 40; i++) {
      const x = width * random.next();
      const y = height * (0.62 + 0.3 * random.next());
      picture.disc(x, y, height / 110, random.next() < 0.5 ? rgb(222, 70, 90) : rgb(240, 205, 80));
    }
    sign(picture);
  },
  foreground(picture, { seconds }) {
    const { width, height } = picture;
    for (const [speed, y, shift] of [
      [1, 0.1, 0],
      [2, 0.17, 0.4],
    ] as const) {
      const x = (((seconds / 60) * speed + shift) % 1) * width * 1.3 - width * 0.15;
      for (const [dx, r] of [
        [-0.05, 0.03],
        [0, 0.045],
        [0.05, 0.033],
      ] as const) {
        picture.disc(x + dx * width, height * y, height * r, rgb(240, 244, 250));
      }
    }
    // A cat walks back and forth, four times a minute.
    const phase = (seconds % 15) / 15;
    const right = phase < 0.5;
    const x = width * (right ? 0.2 + phase * 1.2 : 1.4 - phase * 1.2);
    const y = height * 0.72;
    const unit = height / 60;
    const fur = rgb(60, 52, 50);
    const step = Math.sin(seconds * 12) * unit;
    picture.disc(x, y, unit * 1.8, fur);
    picture.disc(x + unit * 2.5, y, unit * 1.8, fur);
    picture.disc(right ? x + unit * 5 : x - unit * 2.6, y - unit * 1.6, unit * 1.5, fur);
    for (const leg of [-0.8, 0.6, 2.4, 3.6]) {
      picture.rect(x + leg * unit + (leg > 1 ? -step : step) * 0.6, y + unit, unit * 0.7, unit * 2.4, fur);
    }
    clock(picture, seconds);
  },
};

const street: Scene = {
  background(picture, random) {
    const { width, height } = picture;
    picture.rect(0, 0, width, height * 0.3, rgb(172, 190, 208));
    let x = 0;
    while (x < width) {
      const w = width * (0.08 + 0.09 * random.next());
      const top = height * (0.08 + 0.2 * random.next());
      const tone = 90 + 90 * random.next();
      picture.rect(x, top, w, height * 0.62 - top, rgb(tone, tone * 0.86, tone * 0.76));
      for (let wy = top + height * 0.03; wy < height * 0.54; wy += height * 0.065) {
        for (let wx = x + w * 0.12; wx < x + w * 0.85; wx += w * 0.22) {
          const lit = random.next() < 0.3;
          picture.rect(wx, wy, w * 0.12, height * 0.035, lit ? rgb(250, 222, 150) : rgb(52, 64, 82));
        }
      }
      x += w;
    }
    picture.rect(0, height * 0.6, width, height * 0.06, rgb(152, 150, 146));
    picture.rect(0, height * 0.66, width, height * 0.26, rgb(66, 68, 72));
    picture.rect(0, height * 0.92, width, height * 0.08, rgb(152, 150, 146));
    for (let dash = 0; dash < width; dash += width / 14) {
      picture.rect(dash, height * 0.785, width / 28, height * 0.012, WHITE);
    }
    sign(picture);
  },
  foreground(picture, { seconds }) {
    const { width, height } = picture;
    for (const [laps, lane, shift, colour] of [
      [12, 0.7, 0.1, rgb(190, 40, 44)],
      [9, 0.7, 0.55, rgb(40, 90, 170)],
      [-10, 0.82, 0.3, rgb(226, 190, 50)],
      [-6, 0.82, 0.8, rgb(210, 214, 220)],
    ] as const) {
      const turn = (((seconds / 60) * laps + shift) % 1) + 1;
      car(picture, (turn % 1) * width * 1.3 - width * 0.15, height * lane, height / 14, colour);
    }
    const walker = ((seconds / 60) * 2) % 1;
    const x = width * (walker * 1.1 - 0.05);
    const unit = height / 60;
    const stride = Math.sin(seconds * 7) * unit;
    picture.line(x, height * 0.62, x - stride, height * 0.655, unit * 0.9, rgb(40, 44, 60));
    picture.line(x, height * 0.62, x + stride, height * 0.655, unit * 0.9, rgb(40, 44, 60));
    picture.rect(x - unit, height * 0.56, unit * 2, unit * 4, rgb(200, 90, 50));
    picture.disc(x, height * 0.545, unit, rgb(222, 180, 150));
    clock(picture, seconds);
  },
};

const SCENES: Record<SceneName, Scene> = { testcard, garden, street };

function car(picture: Picture, x: number, y: number, size: number, colour: ReturnType<typeof rgb>): void {
  picture.rect(x + size * 0.6, y - size * 0.5, size * 1.4, size * 0.6, colour);
  picture.rect(x + size * 0.75, y - size * 0.38, size * 1.1, size * 0.38, rgb(160, 190, 210));
  picture.rect(x, y, size * 2.6, size * 0.6, colour);
  picture.disc(x + size * 0.6, y + size * 0.6, size * 0.26, BLACK);
  picture.disc(x + size * 2, y + size * 0.6, size * 0.26, BLACK);
}

function sign(picture: Picture): void {
  const dot = Math.max(2, Math.round(picture.height / 160));
  picture.text(picture.width - 13 * 6 * dot - 2 * dot, picture.height - 11 * dot, dot, "DEMONSTRATION");
}

/** A dial with a second hand, and the seconds as digits: correct when the clip starts at the full minute. */
function clock(picture: Picture, seconds: number): void {
  const radius = picture.height / 11;
  const x = picture.width - radius * 1.4;
  const y = radius * 1.4;
  picture.disc(x, y, radius, BLACK);
  picture.disc(x, y, radius * 0.94, WHITE);
  for (let hour = 0; hour < 12; hour++) {
    const a = (hour * Math.PI) / 6;
    const from = radius * 0.78;
    const to = radius * 0.9;
    picture.line(
      x + Math.sin(a) * from,
      y - Math.cos(a) * from,
      x + Math.sin(a) * to,
      y - Math.cos(a) * to,
      radius / 20,
      BLACK,
    );
  }
  const angle = (seconds / 60) * Math.PI * 2;
  picture.line(
    x,
    y,
    x + Math.sin(angle) * radius * 0.85,
    y - Math.cos(angle) * radius * 0.85,
    radius / 14,
    rgb(200, 30, 30),
  );
  const dot = Math.max(2, Math.round(radius / 12));
  picture.text(x - 9 * dot, y + radius + 2 * dot, dot, `:${String(Math.floor(seconds) % 60).padStart(2, "0")}`);
}

function noiseTable(): Uint8Array {
  const random = createRandom(1);
  return Uint8Array.from({ length: 65536 + 8192 }, () => 64 + random.below(128));
}
