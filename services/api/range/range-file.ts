import { createHash } from "node:crypto";
import { readMinute } from "../../../shared/mp4/minute-file.ts";
import type { ReadMovie } from "../../../shared/mp4/movie-reader.ts";
import { writeMovieHead } from "../../../shared/mp4/movie-writer.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { type Minute, minuteStartUs } from "../../../shared/time/minute.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { Has } from "../catalog/day-index.ts";
import type { Entity } from "../http/conditional.ts";
import { Problem } from "../http/problem.ts";
import { openRegularFile } from "../http/send-file.ts";
import { joinMinutes } from "./join-minutes.ts";
import type { MinuteRange } from "./range-name.ts";
import type { Piece, VirtualFile } from "./virtual-file.ts";

interface MinuteFile {
  path: string;
  entity: Entity;
  movie: ReadMovie;
}

/** Goes into the ETag: another layout of the same minutes is another file. */
const LAYOUT_VERSION = 1;

/**
 * Lays out the mp4 of all minutes of a range: an index made from theirs, and behind it the media data where it lies in
 * their files. Throws Problem 404 when there is none, Mp4Error when one cannot be read, and the errors of the file system.
 */
export async function layOutRange(catalog: Catalog, range: MinuteRange): Promise<VirtualFile> {
  const files: MinuteFile[] = [];
  for (const { directory, minute } of await findMinutes(catalog, range)) {
    const file = await readMinuteFile(minutePath(directory, range.camera, minute, "mp4"));
    if (file !== undefined) files.push(file);
  }
  if (files.length === 0) {
    const detail = `There is no footage of ${range.camera} from ${range.from} to ${range.to} (UTC).`;
    throw new Problem("no-footage", 404, detail);
  }
  files.sort((a, b) => firstCaptureUs(a) - firstCaptureUs(b));
  const head = writeMovieHead(joinMinutes(files.map((file) => file.movie)));
  const pieces: Piece[] = [{ bytes: head }, ...files.flatMap(mediaPieces)];
  const hash = createHash("sha256").update(`${LAYOUT_VERSION}`);
  for (const file of files) hash.update(file.entity.etag);
  return {
    entity: {
      length: pieces.reduce((sum, piece) => sum + ("bytes" in piece ? piece.bytes.length : piece.length), 0),
      etag: `"range-${hash.digest("base64url").slice(0, 27)}"`,
      lastModifiedMs: Math.max(...files.map((file) => file.entity.lastModifiedMs)),
    },
    pieces,
  };
}

async function findMinutes(
  catalog: Catalog,
  { camera, from, to }: MinuteRange,
): Promise<{ directory: string; minute: Minute }[]> {
  const found: { directory: string; minute: Minute }[] = [];
  const days = (await catalog.daysWithFootage(camera)).filter((day) => `${day}.2359` >= from && `${day}.0000` <= to);
  for (const day of days) {
    for (const index of await catalog.day(camera, day)) {
      for (const { minute } of index.minutes(Has.mp4)) {
        if (minute >= from && minute <= to) found.push({ directory: index.directory, minute });
      }
    }
  }
  return found.sort((a, b) => (minuteStartUs(a.minute) as number) - (minuteStartUs(b.minute) as number));
}

/** Undefined when the minute has just been deleted. */
async function readMinuteFile(path: string): Promise<MinuteFile | undefined> {
  const file = await openRegularFile(path);
  if (file === undefined) return undefined;
  try {
    return { path, entity: file.entity, movie: await readMinute(file.handle) };
  } finally {
    await file.handle.close();
  }
}

function firstCaptureUs(file: MinuteFile): number {
  return file.movie.record.spans[0]?.firstCaptureTimeUs ?? 0;
}

/** Where a minute's samples lie in its file, in their order; neighbours as one. */
function mediaPieces({ path, entity, movie }: MinuteFile): Piece[] {
  const pieces: Extract<Piece, { path: string }>[] = [];
  for (const [index, size] of movie.sizes.entries()) {
    const offset = movie.offsets[index] as number;
    const last = pieces.at(-1);
    if (last !== undefined && last.start + last.length === offset) last.length += size;
    else pieces.push({ path, etag: entity.etag, start: offset, length: size });
  }
  return pieces;
}
