import type { MinutePlace } from "../../../shared/catalog/find-minutes.ts";
import { type ChunkIndex, indexChunk } from "../../../shared/chunk/chunk-index.ts";
import type { VideoCodec, VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import type { FileIdentity } from "../../../shared/disk/head-thread.ts";
import { type ExistingMinute, type PlannedPart, planMinute } from "../../../shared/minute/minute-plan.ts";
import { chunkSource, movieSource, type SampleRange, type SampleSource } from "../../../shared/minute/sample-source.ts";
import type { CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import { readMinute } from "../../../shared/mp4/minute-file.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import type { MinuteSamples } from "./cut.ts";
import { HeldFile, type OpenFileBudget } from "./held-file.ts";
import { writtenUntil } from "./written.ts";

/** A file of a minute, with the positions of the minute's samples in it. */
export interface HeldSource extends SampleSource {
  held: HeldFile;
  /** Whether the samples are known to be stored in order and without gaps. */
  isContiguous?: boolean;
}

/** A minute whose index was read: its mp4, its chunks, or both. */
export interface OpenMinute {
  samples: MinuteSamples;
  /** The sources of the samples, in the order of the samples. */
  ranges: (SampleRange & { source: HeldSource })[];
  files: HeldFile[];
  /** The configuration of the mp4, if there is one. */
  configuration: VideoConfiguration | undefined;
  codec: VideoCodec;
  /** No further picture will begin before this time, µs since the Unix epoch. */
  writtenUs: number;
}

/** A chunk was converted since its folder was read: the folder must be read again. */
export class ConvertedMeanwhileError extends Error {
  override name = "ConvertedMeanwhileError";
}

/** An mp4 that is already open. */
export interface OpenMp4 {
  held: HeldFile;
  /** Its first bytes and its identity, if they were read. */
  head?: Buffer;
  identity?: FileIdentity;
}

/**
 * Reads the index of a minute. Chunks are planned in the way the converter does it, so that the minute has the same
 * samples at the same times before and after its conversion. The files stay open if the budget allows it; chunks,
 * which will soon be deleted, may use all of it. Undefined when the minute was deleted meanwhile or has no samples.
 * Takes over `mp4`, which a minute without chunks may pass if it is already open.
 *
 * Throws ConvertedMeanwhileError, Mp4Error, OtherCodecError, TimesTooFarApartError, and the errors of open(2) and
 * read(2).
 */
export async function openMinute(
  camera: string,
  place: MinutePlace,
  budget: OpenFileBudget,
  mp4?: OpenMp4,
): Promise<OpenMinute | undefined> {
  const files: HeldFile[] = [];
  try {
    const minute = await readIndex(camera, place, budget, files, mp4);
    if (minute === undefined || minute.samples.sizes.length === 0) {
      await closeAll(files);
      return undefined;
    }
    await Promise.all(files.map((file) => file.keepIfAffordable(place.parts.length > 0)));
    return minute;
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

export async function closeAll(files: readonly HeldFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()));
}

async function readIndex(
  camera: string,
  { directory, minute, hasMp4, parts }: MinutePlace,
  budget: OpenFileBudget,
  files: HeldFile[],
  mp4: OpenMp4 | undefined,
): Promise<OpenMinute | undefined> {
  const chunks = [];
  // Chunks before the mp4: a chunk that was removed meanwhile is in the mp4. In the other order it could be missed in
  // both.
  for (const part of parts) {
    const held = await HeldFile.open(chunkPath(directory, camera, minute, part), budget);
    if (held === undefined) throw new ConvertedMeanwhileError(`a chunk of ${minute}`);
    files.push(held);
    const file = await held.handle();
    const index = await indexChunk(file);
    const source = chunkSource(held.path, file, index);
    chunks.push({ index, source: source && { ...source, held } });
  }
  const path = () => minutePath(directory, camera, minute, "mp4");
  const existing = hasMp4 ? await readExisting(mp4 ?? (await openMp4(path(), budget)), files) : undefined;
  if (chunks.length > 0) return planned(existing, chunks, files);
  if (existing === undefined) return undefined;
  const { movie, source } = existing;
  const { video, record } = movie;
  const { isContiguous } = video.extent;
  return {
    samples: { ...video, record, ...(isContiguous && { contiguousOffsets: video.offsets }) },
    ranges: [{ source: { ...source, isContiguous }, from: 0, to: video.sizes.length }],
    files,
    configuration: video.configuration,
    codec: source.codec,
    writtenUs: endOf(record.spans),
  };
}

async function openMp4(path: string, budget: OpenFileBudget): Promise<OpenMp4 | undefined> {
  const held = await HeldFile.open(path, budget);
  return held && { held };
}

async function readExisting(mp4: OpenMp4 | undefined, files: HeldFile[]) {
  if (mp4 === undefined) return undefined;
  const { held, head } = mp4;
  files.push(held);
  const file = await held.handle();
  const movie = await readMinute(file, { size: held.length, only: "video", ...(head && { head }) });
  return { movie, source: { ...movieSource(held.path, file, movie), held } };
}

function planned(
  existing: (ExistingMinute & { source: HeldSource }) | undefined,
  chunks: { index: ChunkIndex; source: HeldSource | undefined }[],
  files: HeldFile[],
): OpenMinute | undefined {
  const parts = chunks.flatMap(({ index, source }): PlannedPart[] => (source === undefined ? [] : [{ index, source }]));
  const { movie, ranges } = planMinute(existing, parts);
  const [first] = ranges;
  if (first === undefined) return undefined;
  const isClosed = chunks.every(({ index }) => index.isClosed);
  return {
    samples: movie,
    ranges: ranges as OpenMinute["ranges"], // the plan uses the sources passed to it
    files,
    configuration: existing?.movie.video.configuration,
    codec: first.source.codec,
    writtenUs: (isClosed ? endOf(movie.record.spans) : writtenUntil(movie)) ?? 0,
  };
}

function endOf(spans: readonly CaptureSpan[]): number {
  return Math.max(...spans.map(({ endUs }) => endUs));
}
