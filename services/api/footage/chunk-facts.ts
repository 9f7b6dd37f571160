import type { FileHandle } from "node:fs/promises";
import { indexChunk } from "../../../shared/chunk/chunk-index.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { type PlannedPart, planMinute } from "../../../shared/minute/minute-plan.ts";
import { chunkSource, readNals } from "../../../shared/minute/sample-source.ts";
import { TimesTooFarApartError } from "../../../shared/mp4/sample-times.ts";
import { openRegularFile } from "../http/send-file.ts";
import { type Picture, pictureOf } from "./picture.ts";
import type { Span } from "./spans.ts";

/** What can only be learned from the contents of a minute's files. */
export interface MinuteFacts {
  /** In the order in which they were recorded. */
  spans: readonly Span[];
  picture: Picture | undefined;
}

/** How much of a keyframe is read for its parameter sets: they precede its picture data. */
const PARAMETER_BYTES = 4096;

/**
 * The facts of a minute, from its chunks; the spans are those that the mp4 will have. Undefined when the chunks no
 * longer exist, hold no frames yet, or cannot be converted. Throws the errors of open(2) and read(2).
 */
export async function readChunkFacts(files: StoreFiles, paths: readonly string[]): Promise<MinuteFacts | undefined> {
  const handles: FileHandle[] = [];
  try {
    const parts: PlannedPart[] = [];
    for (const path of paths) {
      const opened = await openRegularFile(files, path);
      if (opened === undefined) continue;
      const file = opened.handle;
      handles.push(file);
      const index = await indexChunk(file);
      const source = chunkSource(path, file, index);
      if (source !== undefined) parts.push({ index, source });
    }
    const { spans } = planMinute(undefined, parts).movie.record;
    if (spans.length === 0) return undefined;
    const first = parts.find(({ index }) => index.keyframes.includes(1));
    return {
      spans: spans.map(({ firstCaptureTimeUs, endUs }) => ({ startUs: firstCaptureTimeUs, endUs })),
      picture: first && (await readPicture(first)),
    };
  } catch (error) {
    if (error instanceof TimesTooFarApartError) return undefined; // it will be put into quarantine
    throw error;
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function readPicture({ index, source }: PlannedPart): Promise<Picture | undefined> {
  const nals = await readNals(source, index.keyframes.indexOf(1), PARAMETER_BYTES);
  const configuration = source.codec.configurationOf(nals);
  return configuration && pictureOf(configuration);
}
