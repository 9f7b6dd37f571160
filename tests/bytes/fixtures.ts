import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClipUnit } from "../support/chunk-maker.ts";

export const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));

export const CLIP_NAMES = ["plain", "b-frames", "larger", "anamorphic"] as const;
export type ClipName = (typeof CLIP_NAMES)[number];
export type PictureName = "wide" | "high" | "flat";

/** The access units in a clip's file, in decode order. */
export type ClipTables = Record<ClipName, { sizes: number[]; keyframes: number[]; shown: number[] }>;

/** A clip that was encoded once, so that its bytes are the same on every machine. */
export function fixtureClip(name: ClipName): ClipUnit[] {
  const tables = JSON.parse(readFileSync(join(FIXTURES, "clips.json"), "utf8")) as ClipTables;
  const { sizes, keyframes, shown } = tables[name];
  const stream = readFileSync(join(FIXTURES, `${name}.h264`));
  let at = 0;
  return sizes.map((size, i) => {
    const data = stream.subarray(at, at + size);
    at += size;
    return { data, isKeyframe: keyframes.includes(i), shown: shown[i] as number };
  });
}

export function fixturePicture(name: PictureName): string {
  return join(FIXTURES, `${name}.jpg`);
}
