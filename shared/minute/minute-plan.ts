import type { ChunkIndex } from "../chunk/chunk-index.ts";
import type { CaptureRecord, MergedChunk } from "../mp4/capture-record.ts";
import type { ReadMovie } from "../mp4/movie-reader.ts";
import { captureTimesOf, layOutTimes } from "../mp4/sample-times.ts";
import type { SampleTable } from "../mp4/track.ts";
import { type Assembly, assemble } from "./assembly.ts";
import type { Recording } from "./recording.ts";
import type { SampleRange, SampleSource } from "./sample-source.ts";

/** The existing mp4 of a minute. */
export interface ExistingMinute {
  movie: Pick<ReadMovie, "video" | "record">;
  /** Of its video track. */
  source: SampleSource;
}

/** A chunk to be merged in. */
export interface PlannedPart {
  index: ChunkIndex;
  source: SampleSource;
}

/** How to make a minute's mp4. */
export interface MinutePlan {
  /** The samples to copy, in this order. */
  ranges: SampleRange[];
  /** The index of the mp4's video track, except for its configuration. */
  movie: SampleTable & { record: CaptureRecord };
  /** All samples of the parts are in the mp4 already: nothing has to be written. */
  isThere: boolean;
  /** By source path: number of access units that could not be placed (see Assembly). */
  unplaced: Map<string, number>;
}

interface Input {
  recording: Recording;
  source: SampleSource;
  /** Index of the recording's first sample in the source. */
  base: number;
}

/**
 * Plans the mp4 of a minute from its parts and, when late parts are merged in, the existing mp4. A chunk that is in the
 * mp4 already (because a converter died before it could remove the chunk) is not added again. Pure.
 */
export function planMinute(existing: ExistingMinute | undefined, parts: readonly PlannedPart[]): MinutePlan {
  const chunks: MergedChunk[] = [...(existing?.movie.record.chunks ?? [])];
  const inputs = existing === undefined ? [] : inputsOfMovie(existing);
  let isThere = true;
  for (const { index, source } of parts) {
    const count = index.sizes.length;
    if (count === 0) continue;
    const name = nameOf(index);
    const known = chunks.findIndex((chunk) => isSameChunk(chunk, name));
    const merged = known === -1 ? 0 : (chunks[known] as MergedChunk).sampleCount;
    if (merged >= count) continue;
    isThere = false;
    if (known === -1) chunks.push({ ...name, sampleCount: count });
    else chunks[known] = { ...name, sampleCount: count };
    inputs.push({ recording: recordingOf(index, merged), source, base: merged });
  }
  const assembly = assemble(inputs.map(({ recording }) => recording));
  return { ...layOut(inputs, assembly, chunks), isThere, unplaced: unplacedOf(inputs, assembly) };
}

function inputsOfMovie({ movie, source }: ExistingMinute): Input[] {
  const { video, record } = movie;
  const captureTimesUs = captureTimesOf(record.spans, video);
  const keyframes = new Uint8Array(video.sizes.length);
  for (const index of video.keyframes) keyframes[index] = 1;
  let base = 0;
  return record.spans.map(({ sampleCount, endUs, origin }) => {
    const from = base;
    base += sampleCount;
    return {
      recording: {
        ...(origin === undefined ? {} : { origin }),
        captureTimesUs: captureTimesUs.subarray(from, base),
        keyframes: keyframes.subarray(from, base),
        endUs,
      },
      source,
      base: from,
    };
  });
}

function recordingOf(index: ChunkIndex, from: number): Recording {
  return {
    ...(index.origin === undefined ? {} : { origin: index.origin }),
    captureTimesUs: index.captureTimesUs.subarray(from),
    keyframes: index.keyframes.subarray(from),
    endUs: index.endUs,
  };
}

function nameOf({ origin, openedUs, captureTimesUs }: ChunkIndex): Omit<MergedChunk, "sampleCount"> {
  return { openedUs: openedUs ?? (captureTimesUs[0] as number), ...(origin === undefined ? {} : { origin }) };
}

function isSameChunk(a: Omit<MergedChunk, "sampleCount">, b: Omit<MergedChunk, "sampleCount">): boolean {
  return (
    a.openedUs === b.openedUs &&
    a.origin?.recorder === b.origin?.recorder &&
    a.origin?.session === b.origin?.session &&
    a.origin?.boot === b.origin?.boot
  );
}

function layOut(inputs: readonly Input[], { ranges: recordingRanges, spans }: Assembly, chunks: MergedChunk[]) {
  const ranges = recordingRanges.map(({ recording, from, to }) => {
    const { source, base } = inputs[recording] as Input;
    return { source, from: base + from, to: base + to };
  });
  const count = recordingRanges.reduce((sum, { from, to }) => sum + to - from, 0);
  const sizes = new Uint32Array(count);
  const captureTimesUs = new Float64Array(count);
  const flags = new Uint8Array(count);
  let at = 0;
  for (const [i, { recording, from, to }] of recordingRanges.entries()) {
    const range = ranges[i] as SampleRange;
    const input = inputs[recording] as Input;
    sizes.set(range.source.sizes.subarray(range.from, range.to), at);
    captureTimesUs.set(input.recording.captureTimesUs.subarray(from, to), at);
    flags.set(input.recording.keyframes.subarray(from, to), at);
    at += to - from;
  }
  const keyframes = Uint32Array.from(Array.from(flags.keys()).filter((index) => flags[index] === 1));
  return {
    ranges,
    movie: { sizes, keyframes, ...layOutTimes(spans, captureTimesUs, flags), record: { spans, chunks } },
  };
}

function unplacedOf(inputs: readonly Input[], { unplaced }: Assembly): Map<string, number> {
  const byPath = new Map<string, number>();
  for (const [index, count] of unplaced.entries()) {
    if (count === 0) continue;
    const { path } = (inputs[index] as Input).source;
    byPath.set(path, (byPath.get(path) ?? 0) + count);
  }
  return byPath;
}
