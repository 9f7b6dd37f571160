import type { FileHandle } from "node:fs/promises";
import type { ChunkIndex } from "../chunk/chunk-index.ts";
import { splitLengths } from "../codec/nal-units.ts";
import type { VideoCodec } from "../codec/video-codec.ts";
import type { ReadMovie } from "../mp4/movie-reader.ts";

/** A file that holds samples of video. */
export interface SampleSource {
  path: string;
  file: FileHandle;
  codec: VideoCodec;
  offsets: Float64Array;
  sizes: Uint32Array;
  /** Whether the samples' NAL units follow start codes (a chunk) instead of lengths (an mp4). */
  isAnnexB: boolean;
}

/** Samples of a source, from index `from` to `to` (exclusive). */
export interface SampleRange {
  source: SampleSource;
  from: number;
  to: number;
}

/** The access units of a chunk; undefined when there are none. */
export function chunkSource(path: string, file: FileHandle, index: ChunkIndex): SampleSource | undefined {
  const { codec, offsets, sizes } = index;
  return codec && { path, file, codec, offsets, sizes, isAnnexB: true };
}

/** The video of a minute's mp4. */
export function movieSource(path: string, file: FileHandle, { video }: Pick<ReadMovie, "video">): SampleSource {
  const { configuration, offsets, sizes } = video;
  return { path, file, codec: configuration.codec, offsets, sizes, isAnnexB: false };
}

/**
 * The NAL units of a sample, or only of its first `maxBytes`. When the sample is damaged or cut short, those that are
 * whole and, in a chunk, the beginning of the last one. Throws the errors of read(2).
 */
export async function readNals(
  { file, codec, offsets, sizes, isAnnexB }: SampleSource,
  index: number,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Buffer[]> {
  const bytes = Buffer.allocUnsafe(Math.min(sizes[index] as number, maxBytes));
  const filled = await readAt(file, bytes, offsets[index] as number);
  const sample = bytes.subarray(0, filled);
  return isAnnexB ? codec.splitAccessUnit(sample) : splitLengths(sample).nals;
}

/** Fills a buffer from a position of the file; returns the number of bytes read. Throws the errors of read(2). */
export async function readAt(file: FileHandle, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
