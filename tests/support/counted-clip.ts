import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClipOptions, ClipUnit } from "./chunk-maker.ts";
import { cachedClip } from "./clip-cache.ts";

const run = promisify(execFile);
/** The squares in the picture's top left corner: 12 bits, the most significant first. */
export const COUNTER = { bits: 12, square: 16 } as const;

/** How to encode a clip of numbered pictures. */
export interface CountedClipOptions extends ClipOptions {
  frames: number;
  /** The number of the first picture in display order. */
  countFrom: number;
}

/** As `makeClip`, but each picture shows its number in black and white squares. */
export function makeCountedClip(options: CountedClipOptions): Promise<ClipUnit[]> {
  return cachedClip(options, () => encode(options));
}

async function encode(options: CountedClipOptions): Promise<ClipUnit[]> {
  const { width = 320, height = 192, frames, countFrom, gop = 10, bFrames = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), "hindsight-clip-"));
  try {
    const path = join(folder, "clip.mp4");
    const squares = Array.from({ length: COUNTER.bits }, (_, i) => {
      const bit = `mod(floor((n+${countFrom})/${2 ** (COUNTER.bits - 1 - i)}),2)`;
      const { square } = COUNTER;
      return `drawbox=x=${i * square}:y=0:w=${square}:h=${square}:color=white:t=fill:enable='${bit}'`;
    });
    const source = `color=black:size=${width}x${height}:rate=25`;
    const x264 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames}:b-adapt=0:open-gop=0`;
    const encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x264-params", x264];
    const inBand = ["-bsf:v", "dump_extra=freq=keyframe"];
    const input = ["-v", "error", "-f", "lavfi", "-i", source, "-vf", squares.join(","), "-frames:v", String(frames)];
    await run("ffmpeg", [...input, ...encoder, ...inBand, path]);
    return await readClip(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The access units of an mp4 written by ffmpeg, in decode order; otherwise as `makeClip`. */
export async function readClip(path: string): Promise<ClipUnit[]> {
  const entries = ["-show_entries", "packet=pts,flags,pos,size", "-of", "json"];
  const { stdout } = await run("ffprobe", ["-v", "error", ...entries, path], { maxBuffer: 2 ** 28 });
  const { packets } = JSON.parse(stdout) as { packets: Record<"pts" | "flags" | "pos" | "size", string>[] };
  const inOrder = packets.map(({ pts }) => Number(pts)).sort((a, b) => a - b);
  const bytes = await readFile(path);
  return packets.map(({ pts, flags, pos, size }) => ({
    data: withStartCodes(bytes.subarray(Number(pos), Number(pos) + Number(size))),
    isKeyframe: flags.includes("K"),
    shown: inOrder.indexOf(Number(pts)),
  }));
}

function withStartCodes(sample: Buffer): Buffer {
  const unit = Buffer.from(sample);
  for (let at = 0; at < unit.length; ) {
    const length = unit.readUInt32BE(at);
    unit.writeUInt32BE(1, at);
    at += 4 + length;
  }
  return unit;
}
