import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type EvidenceOptions, footage, readTimedFrames } from "./mp4-evidence.ts";

/** An access unit in a chunk. */
export interface ChunkFrame {
  file: string;
  captureTimeUs: number;
  /** SHA-256 of its NAL units, each after a four-byte Annex B start code. */
  sha256: string;
  isKeyframe: boolean;
}

const HEADER_BYTES = 17;
const H264 = 0;
const IDR = 5;

/**
 * The access units in all chunks of a camera, in the order of recording; parsed by docs/storage.md without code of the
 * product.
 */
export async function readChunkFrames(cameraDirectory: string): Promise<ChunkFrame[]> {
  const files = (await footage(cameraDirectory, ".chunk")).sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const frames: ChunkFrame[] = [];
  for (const file of files) {
    const bytes = await readFile(file);
    for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
      const end = at + HEADER_BYTES + Number(bytes.readBigUInt64BE(at + 1));
      const data = bytes.subarray(at + HEADER_BYTES, end);
      if (bytes[at] === H264 && end <= bytes.length) {
        frames.push({
          file,
          captureTimeUs: Number(bytes.readBigUInt64BE(at + 9)),
          sha256: createHash("sha256").update(data).digest("hex"),
          isKeyframe: holdsIdr(data),
        });
      }
      at = end;
    }
  }
  return frames;
}

/**
 * All access units of a camera in the order of recording, from minutes and from chunks that are not converted yet.
 * Nothing may be converted meanwhile.
 */
export async function readStoredFrames(
  cameraDirectory: string,
  options: EvidenceOptions = {},
): Promise<{ sha256: string; captureTimeUs: number }[]> {
  const minutes = await footage(cameraDirectory, ".mp4");
  const converted = new Set(minutes.map(minuteOf));
  const chunks = (await readChunkFrames(cameraDirectory)).filter(({ file }) => !converted.has(minuteOf(file)));
  return [...(await readTimedFrames(minutes, options)), ...chunks];
}

function minuteOf(file: string): string {
  return /\.(\d{8}\.\d{4})\./.exec(file)?.[1] ?? file;
}

/** Minute and part of a chunk's name, so that chunks sort as recorded: the first part has no number. */
function placeOf(file: string): string {
  const [, minute = "", part = "1"] = /\.(\d{8}\.\d{4})(?:\.(\d+))?\.chunk$/.exec(file) ?? [];
  return minute + part.padStart(6, "0");
}

function holdsIdr(data: Buffer): boolean {
  for (let at = data.indexOf("\0\0\0\x01", 0, "latin1"); at >= 0; at = data.indexOf("\0\0\0\x01", at + 4, "latin1")) {
    if (((data[at + 4] ?? 0) & 0x1f) === IDR) return true;
  }
  return false;
}
