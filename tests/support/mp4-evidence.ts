import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** One sample of an mp4, as ffprobe reports it. */
export interface RecordedFrame {
  file: string;
  /** Seconds, on the file's timeline. */
  pts: number;
  dts: number;
  isKeyframe: boolean;
  /** Not shown, because the edit list excludes it. */
  isDiscarded: boolean;
  bytes: number;
  /** SHA-256 of its NAL units, each after a four-byte Annex B start code. */
  sha256: string;
  /** The same without SPS, PPS and access unit delimiters, which recorders may add. */
  sha256WithoutParameterSets: string;
}

export interface EvidenceOptions {
  /** Receives ffprobe's warnings; without it they cause an error. */
  warnings?: string[];
}

/**
 * Reads all samples of an mp4 with ffprobe: positions, sizes and times are ffprobe's, only the bytes at those positions
 * are read here. Throws when ffprobe prints warnings, unless the options receive them.
 */
export async function readFrames(file: string, options: EvidenceOptions = {}): Promise<RecordedFrame[]> {
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
  const warnings = stderr.split("\n").filter((line) => line.trim() !== "");
  if (warnings.length > 0 && options.warnings === undefined) {
    throw new Error(`ffprobe on ${file}: ${warnings.join("\n")}`);
  }
  options.warnings?.push(...warnings);
  const { packets } = JSON.parse(stdout) as {
    packets: Record<"pts_time" | "dts_time" | "size" | "pos" | "flags", string>[];
  };
  const whole = await readFile(file);
  return packets.map((packet) => {
    const [at, bytes] = [Number(packet.pos), Number(packet.size)];
    return {
      file,
      pts: Number(packet.pts_time),
      dts: Number(packet.dts_time),
      isKeyframe: packet.flags.includes("K"),
      isDiscarded: packet.flags.includes("D"),
      bytes,
      ...hashesOf(whole.subarray(at, at + bytes)),
    };
  });
}

/** All files of a camera with a given ending, of all days, sorted by name. */
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

const PARAMETER_SETS_AND_DELIMITER: ReadonlySet<number> = new Set([7, 8, 9]);

function hashesOf(sample: Buffer): Pick<RecordedFrame, "sha256" | "sha256WithoutParameterSets"> {
  const bytes = Buffer.from(sample);
  const pictures: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    bytes.writeUInt32BE(1, at);
    if (!PARAMETER_SETS_AND_DELIMITER.has((bytes[at + 4] ?? 0) & 0x1f)) pictures.push(bytes.subarray(at, end));
    at = end;
  }
  return { sha256: sha256Of([bytes]), sha256WithoutParameterSets: sha256Of(pictures) };
}

function sha256Of(parts: readonly Buffer[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** The capture record's extended type, from docs/mp4.md. */
const CAPTURE_RECORD = Buffer.from("c3f1a6d27e0b4d5f9a418e2d5b7790c4", "hex");

/**
 * The frames of several minutes with their capture times, µs since the Unix epoch: the start of each span in the
 * capture record (docs/mp4.md) plus ffprobe's intervals.
 */
export async function readTimedFrames(
  files: string[],
  options: EvidenceOptions = {},
): Promise<(RecordedFrame & { captureTimeUs: number })[]> {
  const timed: (RecordedFrame & { captureTimeUs: number })[] = [];
  for (const file of files) {
    const spans = readSpans(file, await readFile(file));
    const frames = await readFrames(file, options);
    let at = 0;
    for (const { sampleCount, firstUs } of spans) {
      const span = frames.slice(at, at + sampleCount);
      const start = Math.min(...span.map((frame) => frame.pts));
      for (const frame of span) timed.push({ ...frame, captureTimeUs: firstUs + (frame.pts - start) * 1e6 });
      at += sampleCount;
    }
    if (at !== frames.length) throw new Error(`${file} has ${frames.length} frames, its spans ${at}`);
  }
  return timed;
}

function readSpans(file: string, bytes: Buffer): { sampleCount: number; firstUs: number }[] {
  const record = bytes.indexOf(CAPTURE_RECORD);
  if (record === -1) throw new Error(`${file} has no capture record`);
  let at = record + CAPTURE_RECORD.length + 4 + 8 + 8;
  const take = (size: number) => {
    at += size;
    return bytes.readUIntBE(at - size, size);
  };
  for (let origins = take(2); origins > 0; origins--) at += 2 + bytes.readUInt16BE(at);
  return Array.from({ length: take(4) }, () => {
    const sampleCount = take(4);
    const firstUs = Number(bytes.readBigUInt64BE(at));
    at += 8 + 8 + 2;
    return { sampleCount, firstUs };
  });
}
