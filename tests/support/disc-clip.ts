import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import type { ClipOptions, ClipUnit } from "./chunk-maker.ts";
import { cachedClip } from "./clip-cache.ts";
import { readClip } from "./counted-clip.ts";

const run = promisify(execFile);

/** The displayed greys of the disc and its surroundings, from 0 to 255, whether coded in full or limited range. */
export const DISC = { inside: 214, outside: 28 } as const;

/** Options of a clip of one still picture. */
export interface DiscClipOptions extends ClipOptions {
  width: number;
  height: number;
  frames: number;
  /** Width and height of a pixel: the sample aspect ratio for x264. */
  aspect: [number, number];
  isFullRange: boolean;
}

/** Encodes a disc in the middle of the picture that is round when pixels are shown with the stream's aspect ratio. */
export function makeDiscClip(options: DiscClipOptions): Promise<ClipUnit[]> {
  return cachedClip({ ...options, ...DISC }, async () => {
    const { width, height, frames, aspect, isFullRange } = options;
    const folder = await mkdtemp(join(tmpdir(), "hindsight-clip-"));
    try {
      const path = join(folder, "clip.mp4");
      const [format, range] = isFullRange ? ["yuvj420p", "pc"] : ["yuv420p", "tv"];
      const [x, y] = aspect[0] > aspect[1] ? [aspect[0] / aspect[1], 1] : [1, aspect[1] / aspect[0]];
      const isInside = `lt(hypot((X-W/2)*${x},(Y-H/2)*${y}),H*${y}/3)`;
      const luma = [DISC.inside, DISC.outside].map((grey) => 16 + Math.round((grey * 219) / 255));
      const draw = `geq=lum='if(${isInside},${luma.join(",")})':cb=128:cr=128`;
      const inRange = `scale=in_range=tv:out_range=${range},format=${format}`;
      const filter = `format=yuv420p,trim=end_frame=1,${draw},${inRange},loop=-1:1,setsar=${aspect.join("/")}`;
      const source = ["-v", "error", "-f", "lavfi", "-i", `color=s=${width}x${height}:r=25`, "-vf", filter];
      const colour = ["-color_range", range, ..."-colorspace bt709 -color_primaries bt709 -color_trc bt709".split(" ")];
      const encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "5", "-pix_fmt", format];
      const inBand = ["-bsf:v", "dump_extra=freq=keyframe", "-frames:v", String(frames)];
      await run("ffmpeg", [...source, ...encoder, ...colour, ...inBand, path]);
      return await readClip(path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Measures the disc in a picture: its width and height in pixels, and the greys inside and outside. */
export async function measureDisc(
  picture: Buffer,
  cell?: { left: number; top: number; width: number; height: number },
) {
  const cut = cell === undefined ? sharp(picture) : sharp(picture).extract(cell);
  const { data, info } = await cut.greyscale().raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const at = (x: number, y: number) => data[(y * width + x) * channels] as number;
  const across = Array.from({ length: width }, (_, x) => at(x, height >> 1)).filter((grey) => grey > 128).length;
  const down = Array.from({ length: height }, (_, y) => at(width >> 1, y)).filter((grey) => grey > 128).length;
  return { width, height, across, down, inside: at(width >> 1, height >> 1), outside: at(4, height >> 1) };
}
