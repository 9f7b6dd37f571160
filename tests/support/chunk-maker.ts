import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { BLOCK_HEADER_BYTES, BlockKind, type ChunkOrigin, writeBlockHeader } from "../../shared/chunk/format.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import { cachedClip } from "./clip-cache.ts";

const run = promisify(execFile);

/** How a clip is to be encoded. */
export interface ClipOptions {
  width?: number;
  height?: number;
  frames?: number;
  framesPerSecond?: number;
  gop?: number;
  bFrames?: number;
  slices?: number;
  /** Makes the pictures differ from those of another clip. */
  hue?: number;
  /** Unset: as few as x264 likes. */
  bitsPerSecond?: number;
}

/** An access unit as a recorder writes it. */
export interface ClipUnit {
  /** NAL units behind start codes of four bytes. */
  data: Buffer;
  isKeyframe: boolean;
  /** Its place in the order in which pictures are shown, from 0. */
  shown: number;
}

/**
 * Encodes a clip with ffmpeg. Where an access unit begins and ends, which is a keyframe and when each is shown is what
 * ffprobe says, not what our own parsers do.
 */
export function makeClip(options: ClipOptions = {}): Promise<ClipUnit[]> {
  const key = JSON.stringify(options);
  const made = clips.get(key) ?? cachedClip(options, () => encodeClip(options));
  clips.set(key, made);
  return made;
}

/** Those that this process has. */
const clips = new Map<string, Promise<ClipUnit[]>>();

async function encodeClip(options: ClipOptions): Promise<ClipUnit[]> {
  const {
    width = 320,
    height = 192,
    frames = 50,
    framesPerSecond = 25,
    gop = 10,
    bFrames = 0,
    slices = 1,
    hue = 0,
    bitsPerSecond,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), "hindsight-clip-"));
  try {
    const mp4 = join(folder, "clip.mp4");
    const stream = join(folder, "clip.h264");
    const source = `testsrc2=size=${width}x${height}:rate=${framesPerSecond}`;
    const x264 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames}:b-adapt=0:slices=${slices}:open-gop=0`;
    const preset = bitsPerSecond === undefined ? "veryfast" : "ultrafast";
    const rate =
      bitsPerSecond === undefined ? [] : ["-b:v", "-maxrate", "-bufsize"].flatMap((key) => [key, `${bitsPerSecond}`]);
    const encode = ["-c:v", "libx264", "-preset", preset, ...rate, "-pix_fmt", "yuv420p", "-x264-params", x264];
    const filter = ["-vf", `hue=h=${hue}`, "-frames:v", String(frames)];
    await ffmpeg("-f", "lavfi", "-i", source, ...filter, ...encode, mp4);
    await ffmpeg("-i", mp4, "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", stream);
    const packets = await probe(mp4, []);
    const raw = await probe(stream, ["-f", "h264"]);
    if (packets.length !== frames || raw.length !== frames) throw new Error("ffmpeg made another number of frames");
    const inOrder = packets.map(({ pts }) => Number(pts)).sort((a, b) => a - b);
    const bytes = await readFile(stream);
    return packets.map(({ pts, flags }, i) => {
      const { pos, size } = raw[i] as Packet;
      return {
        data: withLongStartCodes(bytes.subarray(Number(pos), Number(pos) + Number(size))),
        isKeyframe: flags.includes("K"),
        shown: inOrder.indexOf(Number(pts)),
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An access unit and when it was taken. */
export interface TimedUnit {
  data: Buffer;
  timeUs: number;
}

/** The units of a clip at an even pace from `startUs` on, the first of them shown then. */
export function atPace(units: readonly ClipUnit[], startUs: number, framesPerSecond = 25): TimedUnit[] {
  const first = Math.min(...units.map(({ shown }) => shown));
  return units.map(({ data, shown }) => ({
    data,
    timeUs: startUs + Math.round(((shown - first) * 1_000_000) / framesPerSecond),
  }));
}

/** What a chunk file is to hold. */
export interface ChunkContent {
  units: readonly TimedUnit[];
  origin?: ChunkOrigin;
  openedUs?: number;
  /** Writes an end block. */
  endUs?: number;
  /** Appended behind everything. */
  tail?: Buffer;
}

/** The bytes of a chunk file. */
export function chunkBytes({ units, origin, openedUs, endUs, tail }: ChunkContent): Buffer {
  const blocks: Buffer[] = [];
  if (origin !== undefined) {
    blocks.push(block(BlockKind.origin, openedUs ?? (units[0]?.timeUs as number), Buffer.from(JSON.stringify(origin))));
  }
  for (const { data, timeUs } of units) blocks.push(block(H264.blockKind, timeUs, data));
  if (endUs !== undefined) blocks.push(block(BlockKind.end, endUs, Buffer.alloc(0)));
  return Buffer.concat([...blocks, tail ?? Buffer.alloc(0)]);
}

/** Writes a chunk file, with the folder that it stands in. */
export async function writeChunk(path: string, content: ChunkContent): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, chunkBytes(content));
}

/** The origin of a recorder that a test made up. */
export function origin(recorder = "a", changes: Partial<ChunkOrigin> = {}): ChunkOrigin {
  return { recorder, session: 1, boot: "boot", clockOffsetUs: 1_700_000_000_000_000, ...changes };
}

function block(kind: number, timeUs: number, data: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  writeBlockHeader(header, 0, { kind, length: data.length, timeUs });
  return Buffer.concat([header, data]);
}

function withLongStartCodes(unit: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let start = 0;
  for (let i = 0; i + 2 < unit.length; i++) {
    if (unit[i] !== 0 || unit[i + 1] !== 0 || unit[i + 2] !== 1) continue;
    if (i > 0 && unit[i - 1] === 0) continue;
    pieces.push(unit.subarray(start, i), Buffer.from([0]));
    start = i;
  }
  return Buffer.concat([...pieces, unit.subarray(start)]);
}

interface Packet {
  pts: string;
  flags: string;
  pos: string;
  size: string;
}

async function probe(path: string, input: string[]): Promise<Packet[]> {
  const entries = ["-show_entries", "packet=pts,flags,pos,size", "-of", "json"];
  const { stdout } = await run("ffprobe", ["-v", "error", ...input, ...entries, path], { maxBuffer: 2 ** 28 });
  return (JSON.parse(stdout) as { packets: Packet[] }).packets;
}

async function ffmpeg(...parameters: string[]): Promise<void> {
  await run("ffmpeg", ["-v", "error", "-y", ...parameters], { maxBuffer: 2 ** 28 });
}
