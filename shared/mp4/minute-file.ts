import type { FileHandle } from "node:fs/promises";
import { Mp4Error, readBoxHeader } from "./box-reader.ts";
import { type MovieSummary, parseMovie, parseMovieSummary, type ReadMovie } from "./movie-reader.ts";

/** Large enough for the whole index of most minutes, so that one read is enough. */
const FIRST_READ_BYTES = 64 * 1024;
const SUMMARY_READ_BYTES = 4 * 1024;
const MAX_INDEX_BYTES = 128 * 1024 * 1024;

/** For callers that read many minutes. */
export interface ReadMinuteOptions {
  /** Length of the file in bytes, if known. */
  size?: number;
  /** Its first bytes, if they were read already; the result keeps no reference to them. */
  head?: Buffer;
  /** Read only the video. */
  only?: "video";
}

/**
 * Reads the index of a minute's mp4: its tracks, the positions of its samples, and when they were taken. Throws
 * Mp4Error when the file is damaged, cut short, or not ours; and the errors of fstat(2) and read(2).
 */
export async function readMinute(file: FileHandle, options: ReadMinuteOptions = {}): Promise<ReadMovie> {
  const size = options.size ?? (await file.stat()).size;
  let head = options.head ?? (await readAt(file, 0, FIRST_READ_BYTES));
  const index = findIndex(head);
  if (index.end > size) throw new Mp4Error("the file ends within its index");
  if (index.end > head.length) head = await readAt(file, 0, index.end);
  const { only } = options;
  const movie = parseMovie(head.subarray(index.start, index.end), { fileBytes: size, ...(only && { only }) });
  for (const track of movie.tracks) {
    if (track.kind === "other" || track.sizes.length === 0) continue;
    const { start, end } = track.extent;
    if (start < index.end || end > size) throw new Mp4Error(`samples lie from ${start} to ${end}, not within the file`);
  }
  return movie;
}

/** Reads only the first part of the index of a minute's mp4. Throws as `readMinute` does. */
export async function readMinuteSummary(file: FileHandle): Promise<MovieSummary> {
  for (let length = SUMMARY_READ_BYTES; ; length *= 8) {
    const head = await readAt(file, 0, length);
    const index = findIndex(head);
    const isWhole = head.length < length || head.length >= Math.min(index.end, MAX_INDEX_BYTES);
    try {
      return parseMovieSummary(head.subarray(index.start, index.end));
    } catch (error) {
      if (isWhole || !(error instanceof Mp4Error)) throw error;
    }
  }
}

/** The position of the content of the `moov` box, which must come before the media data. */
function findIndex(head: Buffer): { start: number; end: number } {
  for (let at = 0; at < head.length; ) {
    const header = readBoxHeader(head, at);
    if (header === undefined) break;
    if (header.type === "moov") {
      const start = at + header.headerBytes;
      if (header.size > MAX_INDEX_BYTES) throw new Mp4Error(`an index of ${header.size} bytes`);
      return { start, end: header.size === 0 ? head.length : at + header.size };
    }
    if (header.type === "mdat" || header.size === 0) break;
    at += header.size;
  }
  throw new Mp4Error("no index in front of the media data");
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
