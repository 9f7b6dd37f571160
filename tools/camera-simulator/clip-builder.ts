import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClipParameters } from "./clip-parameters.ts";
import { Picture } from "./picture.ts";
import { ScenePainter } from "./scenes.ts";

/** Increase it whenever the same parameters would give other bytes, so that old clips in caches are not used. */
const CLIP_VERSION = 1;

/** Names of the two files in a clip's folder. */
export const STREAM_FILE = "clip.h264";
/** ffmpeg's framecrc listing: one line per access unit, in decode order, with its presentation time and size. */
export const PACKETS_FILE = "clip.packets";

/** The encoder could not make a clip. */
export class ClipError extends Error {
  override name = "ClipError";
}

/** Makes clips with ffmpeg and keeps them in a folder, by their parameters; several processes may share that folder. */
export class ClipBuilder {
  private readonly cacheDir: string;
  private readonly ffmpeg: string;
  private readonly underWay = new Map<string, Promise<string>>();

  constructor(cacheDir: string, ffmpeg: string) {
    this.cacheDir = cacheDir;
    this.ffmpeg = ffmpeg;
  }

  /**
   * @returns the folder of the finished clip.
   * @throws {ClipError} when ffmpeg cannot be run or fails.
   */
  build(parameters: ClipParameters): Promise<string> {
    const key = clipKey(parameters);
    let build = this.underWay.get(key);
    if (!build) {
      build = this.findOrEncode(key, parameters).finally(() => this.underWay.delete(key));
      this.underWay.set(key, build);
    }
    return build;
  }

  private async findOrEncode(key: string, parameters: ClipParameters): Promise<string> {
    const folder = join(this.cacheDir, key);
    if (await exists(folder)) return folder;
    const temporary = join(this.cacheDir, `.${key}.${process.pid}.${randomBytes(4).toString("hex")}`);
    await mkdir(temporary, { recursive: true });
    try {
      await encode(this.ffmpeg, temporary, parameters);
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      // Another process was faster: a folder cannot be renamed to one that contains files.
      if (!(await exists(folder))) throw error;
    }
    return folder;
  }
}

function clipKey(parameters: ClipParameters): string {
  const entries = Object.entries({ ...parameters, version: CLIP_VERSION }).sort();
  const hash = createHash("sha256").update(JSON.stringify(entries)).digest("hex").slice(0, 16);
  return `${parameters.scene}-${parameters.width}x${parameters.height}-${hash}`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function encode(ffmpeg: string, folder: string, parameters: ClipParameters): Promise<void> {
  const child = spawn(ffmpeg, encoderArguments(parameters), { cwd: folder, stdio: ["pipe", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2000);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", (error) => reject(new ClipError(`cannot run ${ffmpeg}: install ffmpeg`, { cause: error })));
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new ClipError(`${ffmpeg} ended with ${code} while encoding a clip: ${complaint.trim()}`));
    });
  });
  ended.catch(() => child.stdin.destroy());
  child.stdin.on("error", () => {}); // ffmpeg's exit says more than EPIPE
  await Promise.all([ended, paintFrames(parameters, child.stdin)]);
}

async function paintFrames(parameters: ClipParameters, out: NodeJS.WritableStream & { destroyed?: boolean }) {
  const { width, height, frames, fps } = parameters;
  const still = new Picture(width, height);
  // Two pictures alternate: while one is written to the pipe, the next is drawn.
  const painters = [new Picture(width, height), new Picture(width, height)].map((picture) => ({
    painter: new ScenePainter(parameters.scene, parameters.label, picture, still),
    bytes: picture.bytes,
    sent: Promise.resolve(),
  }));
  for (let index = 0; index < frames && !out.destroyed; index++) {
    const turn = painters[index % 2];
    if (!turn) break;
    await turn.sent;
    turn.painter.paint(index, index / fps);
    turn.sent = new Promise((resolve) => {
      out.write(turn.bytes, () => resolve());
    });
  }
  await Promise.all(painters.map((turn) => turn.sent));
  if (!out.destroyed) {
    out.end();
    await once(out, "close").catch(() => {});
  }
}

function encoderArguments(parameters: ClipParameters): string[] {
  const { width, height, fps, bitrateKbit, gopFrames, bFrames, slices, profile } = parameters;
  const x264 = [
    `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:open-gop=0:repeat-headers=1`,
    `bframes=${bFrames}:b-adapt=0:b-pyramid=none:ref=1:rc-lookahead=0:sync-lookahead=0`,
    `slices=${slices}:sliced-threads=0:cabac=${profile === "baseline" ? 0 : 1}:8x8dct=${profile === "high" ? 1 : 0}`,
  ];
  return [
    ...["-v", "error", "-nostdin", "-y"],
    ...["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", String(fps), "-i", "pipe:0"],
    ...["-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-profile:v", profile],
    ...["-b:v", `${bitrateKbit}k`, "-maxrate", `${bitrateKbit}k`, "-bufsize", `${Math.ceil(bitrateKbit / 2)}k`],
    ...["-x264-params", x264.join(":")],
    // One encoding with two outputs: the bytes, and each access unit's presentation time and size.
    ...["-f", "tee", `[f=h264]${STREAM_FILE}|[f=framecrc]${PACKETS_FILE}`],
  ];
}
