import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** One sample of an mp4, as ffprobe finds it. */
export interface RecordedFrame {
  file: string;
  /** Seconds, on the file's own axis. */
  pts: number;
  dts: number;
  isKeyframe: boolean;
  bytes: number;
  /** SHA-256 of its NAL units behind Annex B start codes of four bytes. */
  sha256: string;
}

/**
 * Reads all samples of an mp4 with ffprobe: positions, sizes and times are ffprobe's, only the bytes at those positions are
 * read here. Throws when ffprobe has anything to warn of.
 */
export async function readFrames(file: string): Promise<RecordedFrame[]> {
  const { stdout, stderr } = await run(
    "ffprobe",
    [
      "-v",
      "warning",
      "-select_streams",
      "v",
      "-show_entries",
      "packet=pts_time,dts_time,size,pos,flags",
      "-of",
      "json",
      file,
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  );
  if (stderr.trim() !== "") throw new Error(`ffprobe on ${file}: ${stderr}`);
  const { packets } = JSON.parse(stdout) as {
    packets: Record<"pts_time" | "dts_time" | "size" | "pos" | "flags", string>[];
  };
  const handle = await open(file, "r");
  try {
    const frames: RecordedFrame[] = [];
    for (const packet of packets) {
      const bytes = Buffer.alloc(Number(packet.size));
      await handle.read(bytes, 0, bytes.length, Number(packet.pos));
      frames.push({
        file,
        pts: Number(packet.pts_time),
        dts: Number(packet.dts_time),
        isKeyframe: packet.flags.includes("K"),
        bytes: bytes.length,
        sha256: createHash("sha256").update(withStartCodes(bytes)).digest("hex"),
      });
    }
    return frames;
  } finally {
    await handle.close();
  }
}

/** All files of a camera with a given ending, in the order of their names, over all its days. */
export async function footage(cameraDirectory: string, ending: string): Promise<string[]> {
  const days = (await readdir(cameraDirectory).catch(() => [])).filter((name) => /^\d{8}$/.test(name)).sort();
  const files = await Promise.all(
    days.map(async (day) =>
      (await readdir(join(cameraDirectory, day))).map((name) => join(cameraDirectory, day, name)),
    ),
  );
  return files
    .flat()
    .filter((name) => name.endsWith(ending))
    .sort();
}

function withStartCodes(sample: Buffer): Buffer {
  const bytes = Buffer.from(sample);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    bytes.writeUInt32BE(1, at);
    at += 4 + length;
  }
  return bytes;
}

/** The capture record's extended type, from docs/mp4.md. */
const CAPTURE_RECORD = Buffer.from("c3f1a6d27e0b4d5f9a418e2d5b7790c4", "hex");

/** The frames of several minutes with their capture times, µs since the Unix epoch: the record's first one plus ffprobe's. */
export async function readTimedFrames(files: string[]): Promise<(RecordedFrame & { captureTimeUs: number })[]> {
  const timed: (RecordedFrame & { captureTimeUs: number })[] = [];
  for (const file of files) {
    const bytes = await readFile(file);
    const record = bytes.indexOf(CAPTURE_RECORD);
    if (record === -1) throw new Error(`${file} has no capture record`);
    const firstUs = Number(bytes.readBigUInt64BE(record + CAPTURE_RECORD.length + 4));
    const frames = await readFrames(file);
    const start = Math.min(...frames.map((frame) => frame.pts));
    for (const frame of frames) timed.push({ ...frame, captureTimeUs: firstUs + (frame.pts - start) * 1e6 });
  }
  return timed;
}
