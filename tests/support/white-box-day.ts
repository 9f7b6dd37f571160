import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { minutePath } from "../../shared/store/names.ts";
import { minuteAt } from "../../shared/time/minute.ts";
import { ClipBuilder, STREAM_FILE } from "../../tools/camera-simulator/clip-builder.ts";
import { clipParameters } from "../../tools/camera-simulator/clip-parameters.ts";
import { readClip } from "./counted-clip.ts";
import { MinuteMaker } from "./minute-maker.ts";

const run = promisify(execFile);
const MINUTE_MS = 60_000;
const CLIP = { width: 640, height: 360, fps: 5, seconds: 60, bitrateKbit: 60, gopFrames: 10 } as const;
/** Position of the box, as fractions of the picture's width and height. */
export const BOX = { x: 0.62, y: 0.7, width: 0.08, height: 0.12 } as const;

/** What to write. */
export interface WhiteBoxDay {
  camera: string;
  directory: string;
  /** The first minute; ms since the Unix epoch. */
  fromMs: number;
  minutes: number;
  /** When the box appears; it stays to the end. */
  boxMs: number;
}

/** Writes minutes of a garden in which a white box appears at some second, as the converter would have written them. */
export async function writeWhiteBoxDay({ camera, directory, fromMs, minutes, boxMs }: WhiteBoxDay): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hindsight-box-"));
  try {
    const builder = new ClipBuilder(join(tmpdir(), "hindsight-test-clips"), "ffmpeg");
    const scene = join(await builder.build(clipParameters({ ...CLIP, scene: "garden", label: camera })), STREAM_FILE);
    const boxMinuteMs = Math.floor(boxMs / MINUTE_MS) * MINUTE_MS;
    const before = await makeVersion(folder, scene, Number.POSITIVE_INFINITY);
    const during = await makeVersion(folder, scene, (boxMs - boxMinuteMs) / 1000);
    const after = await makeVersion(folder, scene, 0);
    for (let timeMs = fromMs; timeMs < fromMs + minutes * MINUTE_MS; timeMs += MINUTE_MS) {
      const { maker, preview, thumbnail } = timeMs < boxMinuteMs ? before : timeMs === boxMinuteMs ? during : after;
      const minute = minuteAt(timeMs * 1000);
      await mkdir(dirname(minutePath(directory, camera, minute, "mp4")), { recursive: true });
      await writeFile(minutePath(directory, camera, minute, "mp4"), maker.file(timeMs * 1000));
      await writeFile(minutePath(directory, camera, minute, "preview"), preview);
      await writeFile(minutePath(directory, camera, minute, "thumbnail"), thumbnail);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A minute of the scene with the box from second `boxFromS` on, and its first picture. */
async function makeVersion(folder: string, scene: string, boxFromS: number) {
  const { x, y, width, height } = BOX;
  const place = `x=iw*${x}:y=ih*${y}:w=iw*${width}:h=ih*${height}`;
  const box = Number.isFinite(boxFromS) ? `,drawbox=${place}:color=white:t=fill:enable='gte(t,${boxFromS})'` : "";
  const path = join(folder, "minute.mp4");
  const input = ["-y", "-v", "error", "-f", "h264", "-framerate", String(CLIP.fps), "-i", scene];
  const x264 = `keyint=${CLIP.gopFrames}:min-keyint=${CLIP.gopFrames}:scenecut=0:bframes=0`;
  const encoder = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", `${CLIP.bitrateKbit}k`, "-x264-params", x264];
  await run("ffmpeg", [
    ...input,
    "-vf",
    `format=yuv420p${box}`,
    ...encoder,
    "-bsf:v",
    "dump_extra=freq=keyframe",
    path,
  ]);
  const picture = async (scale: string) => {
    const jpeg = join(folder, "picture.jpg");
    await run("ffmpeg", ["-y", "-v", "error", "-i", path, "-frames:v", "1", "-vf", scale, jpeg]);
    return readFile(jpeg);
  };
  return {
    maker: new MinuteMaker(await readClip(path), CLIP.fps),
    preview: await picture("null"),
    thumbnail: await picture("scale=320:-2"),
  };
}
