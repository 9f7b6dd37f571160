import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBoxes } from "../../shared/mp4/box-reader.ts";
import { writeCaptureRecord } from "../../shared/mp4/capture-record.ts";

/** How ffmpeg should write a file of two seconds. */
export interface ForeignOptions {
  startUs: number;
  /** Its streams, in order. */
  maps?: readonly ("video" | "sound")[];
  sound?: "aac" | "pcm_s16le";
  format?: "mp4" | "mov";
  more?: readonly string[];
}

const FRAMES = 50;
const VIDEO = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -g 25 -video_track_timescale 90000".split(" ");
/** Boxes that contain sample tables, directly or indirectly (ISO/IEC 14496-12 §6.2.3). */
const CONTAINERS: ReadonlySet<string> = new Set(["trak", "mdia", "minf", "stbl"]);

/**
 * A minute's mp4 as ffmpeg would write it: fifty pictures, 25 per second, and a sound track with a tone, with our
 * capture record added.
 */
export function foreignMovie(options: ForeignOptions): Buffer {
  const { startUs, maps = ["video", "sound"], sound = "aac", format = "mp4", more = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), "hindsight-foreign-"));
  try {
    const path = join(folder, "foreign");
    const inputs = ["-f", "lavfi", "-i", "testsrc2=size=320x192:rate=25", "-f", "lavfi", "-i", "sine=frequency=440"];
    const streams = maps.flatMap((kind) => ["-map", kind === "video" ? "0:v" : "1:a"]);
    const ends = ["-t", "2", "-movflags", "+faststart", "-f", format, path];
    execFileSync("ffmpeg", ["-v", "error", ...inputs, ...streams, ...VIDEO, "-c:a", sound, ...more, ...ends]);
    return withCaptureRecord(readFileSync(path), startUs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A packet as ffprobe reports it. */
export interface FoundPacket {
  pos: number;
  size: number;
  /** In ticks of its track. */
  pts: number;
  dts: number;
  isKeyframe: boolean;
}

/** The packets of each stream of a file, with times not changed by edit lists. */
export function packetsOf(bytes: Buffer): FoundPacket[][] {
  const folder = mkdtempSync(join(tmpdir(), "hindsight-foreign-"));
  try {
    const path = join(folder, "file.mp4");
    writeFileSync(path, bytes);
    const args = ["-v", "warning", "-ignore_editlist", "1", "-show_packets", "-of", "json", path];
    const { packets } = JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8", maxBuffer: 2 ** 26 })) as {
      packets: { stream_index: number; pos: string; size: string; pts: number; dts: number; flags: string }[];
    };
    const streams: FoundPacket[][] = [];
    for (const { stream_index, pos, size, pts, dts, flags } of packets) {
      streams[stream_index] ??= [];
      streams[stream_index].push({ pos: Number(pos), size: Number(size), pts, dts, isKeyframe: flags.includes("K") });
    }
    return streams;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withCaptureRecord(file: Buffer, startUs: number): Buffer {
  const span = { sampleCount: FRAMES, firstCaptureTimeUs: startUs, endUs: startUs + FRAMES * 40_000 };
  const record = writeCaptureRecord({ spans: [span], chunks: [] });
  const moov = readBoxes(file).find(({ type }) => type === "moov");
  const header = moov && readBoxes(file, moov.start, moov.end).find(({ type }) => type === "mvhd");
  if (moov === undefined || header === undefined) throw new Error("ffmpeg has written no index");
  const moved = Buffer.from(file);
  moved.writeUInt32BE(moov.end - moov.start + 8 + record.length, moov.start - 8);
  moveOffsets(moved, moov.start, moov.end, record.length);
  return Buffer.concat([moved.subarray(0, header.end), record, moved.subarray(header.end)]);
}

function moveOffsets(file: Buffer, start: number, end: number, by: number): void {
  for (const box of readBoxes(file, start, end)) {
    if (CONTAINERS.has(box.type)) moveOffsets(file, box.start, box.end, by);
    if (box.type !== "stco") continue;
    for (let at = box.start + 8; at < box.end; at += 4) file.writeUInt32BE(file.readUInt32BE(at) + by, at);
  }
}
