import type { VideoCodec } from "../../../shared/codec/video-codec.ts";
import type { HeldFile } from "./held-file.ts";
import type { OpenMinute } from "./open-minute.ts";

/** Bytes of a file that are samples as they are sent: NAL units with their lengths in front. */
export interface FilePiece {
  file: HeldFile;
  start: number;
  length: number;
}

/** The samples from `from` to `to` (exclusive) of a chunk; sending them replaces their start codes by lengths. */
export interface ChunkPiece {
  file: HeldFile;
  codec: VideoCodec;
  offsets: Float64Array;
  sizes: Uint32Array;
  from: number;
  to: number;
  length: number;
}

/** Consecutive media data of a range. */
export type FootagePiece = FilePiece | ChunkPiece;

/** The pieces that hold the samples from `from` to `to` (exclusive) of a minute; adjacent samples become one piece. */
export function mediaPieces({ ranges }: OpenMinute, from: number, to: number): FootagePiece[] {
  const pieces: FootagePiece[] = [];
  let base = 0;
  for (const { source, from: start, to: end } of ranges) {
    const first = Math.max(from - base + start, start);
    const last = Math.min(to - base + start, end);
    base += end - start;
    if (first >= last) continue;
    if (source.isAnnexB) pieces.push(chunkPiece(source, first, last));
    else pieces.push(...filePieces(source, first, last));
  }
  return pieces;
}

type Source = OpenMinute["ranges"][number]["source"];

function chunkPiece({ held, codec, offsets, sizes }: Source, from: number, to: number): ChunkPiece {
  let length = 0;
  for (let i = from; i < to; i++) length += sizes[i] as number;
  return { file: held, codec, offsets, sizes, from, to, length };
}

function filePieces({ held, offsets, sizes, isContiguous }: Source, from: number, to: number): FilePiece[] {
  if (isContiguous === true) {
    const start = offsets[from] as number;
    return [{ file: held, start, length: (offsets[to - 1] as number) + (sizes[to - 1] as number) - start }];
  }
  const pieces: FilePiece[] = [];
  for (let i = from; i < to; ) {
    const start = offsets[i] as number;
    let end = start;
    while (i < to && offsets[i] === end) end += sizes[i++] as number;
    pieces.push({ file: held, start, length: end - start });
  }
  return pieces;
}
