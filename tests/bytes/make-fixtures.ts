import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { type ClipUnit, makeClip } from "../support/chunk-maker.ts";
import { makeDiscClip } from "../support/disc-clip.ts";
import { CLIP_NAMES, type ClipName, type ClipTables, FIXTURES, type PictureName } from "./fixtures.ts";

// npx tsx tests/bytes/make-fixtures.ts && npx biome format --write tests/bytes/fixtures, then npm run bytes:update
// The output of x264 and JPEG encoders differs between versions and processors. So this was run once and the result
// committed. Another run makes other clips, and so other notes of everything made from them.

const CLIPS: Record<ClipName, () => Promise<ClipUnit[]>> = {
  plain: () => makeClip({ width: 128, height: 96, frames: 60, slices: 3 }),
  "b-frames": () => makeClip({ width: 128, height: 96, frames: 60, gop: 12, bFrames: 2, hue: 60 }),
  larger: () => makeClip({ width: 192, height: 144, frames: 20, hue: 120 }),
  anamorphic: () => makeDiscClip({ width: 96, height: 80, frames: 20, aspect: [16, 11], isFullRange: true }),
};

// The sheet's cells are 256 × 144 pixels: the first two fit without scaling, the third has one colour only. So scaling,
// whose result depends on the processor too, affects none of them.
const PICTURES: Record<PictureName, () => Promise<Buffer>> = {
  wide: () => waves(256, 144),
  high: () => waves(96, 144),
  flat: () =>
    sharp({ create: { width: 320, height: 180, channels: 3, background: "#28c850" } })
      .jpeg()
      .toBuffer(),
};

async function waves(width: number, height: number): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    pixels[i] = Math.round(128 + 60 * Math.sin(x / (9 + channel)) + 60 * Math.cos(y / (7 + 2 * channel)));
  }
  return await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 75 })
    .toBuffer();
}

await mkdir(FIXTURES, { recursive: true });
const tables: Partial<ClipTables> = {};
for (const name of CLIP_NAMES) {
  const units = await CLIPS[name]();
  await writeFile(join(FIXTURES, `${name}.h264`), Buffer.concat(units.map(({ data }) => data)));
  tables[name] = {
    sizes: units.map(({ data }) => data.length),
    keyframes: units.flatMap(({ isKeyframe }, i) => (isKeyframe ? [i] : [])),
    shown: units.map(({ shown }) => shown),
  };
}
await writeFile(join(FIXTURES, "clips.json"), JSON.stringify(tables));
for (const [name, draw] of Object.entries(PICTURES)) await writeFile(join(FIXTURES, `${name}.jpg`), await draw());
