import { open } from "node:fs/promises";
import { BLOCK_HEADER_BYTES, readBlockHeader } from "../../../shared/chunk/format.ts";
import { videoCodecOfBlock } from "../../../shared/codec/video-codecs.ts";
import type { FrameDescription } from "./live-publisher.ts";

/** Where in a chunk the newest GOP is, as far as it is written: whole blocks, starting with a keyframe's. */
export interface GopPlace {
  path: string;
  start: number;
  end: number;
}

/** A frame that waits to be sent. */
export interface StoredFrame extends FrameDescription {
  bytes: Buffer;
}

/** Decoding more of a GOP would probably take longer than waiting for the next keyframe. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Reads the frames of a GOP, or none when it is too long. Throws the errors of open(2) and read(2). */
export async function readGop({ path, start, end }: GopPlace): Promise<StoredFrame[]> {
  if (end - start > MAX_BYTES) return [];
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
    return framesIn(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** The frames in whole blocks, up to the first incomplete block. */
export function framesIn(bytes: Buffer): StoredFrame[] {
  const frames: StoredFrame[] = [];
  for (let at = 0; ; ) {
    const header = readBlockHeader(bytes, at);
    if (header === undefined || at + BLOCK_HEADER_BYTES + header.length > bytes.length) return frames;
    at += BLOCK_HEADER_BYTES;
    const data = bytes.subarray(at, at + header.length);
    at += header.length;
    const codec = videoCodecOfBlock(header.kind);
    const access = codec?.randomAccessOf(data, true);
    if (codec === undefined || access === undefined) continue;
    const isKeyframe = access === "clean" || access === "leading";
    frames.push({ codec, captureTimeUs: header.timeUs, isKeyframe, bytes: data });
  }
}
