import { type ChunkIndex, indexChunk } from "../../../shared/chunk/chunk-index.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { chunkSource, readNals } from "../../../shared/minute/sample-source.ts";
import { type Keyframe, keyframeOf } from "../../../shared/pictures/keyframe.ts";
import { openRegularFile } from "../http/send-file.ts";

/** A keyframe that is not decoded yet. */
export interface FoundKeyframe {
  /** Its capture time, µs since the Unix epoch. */
  timeUs: number;
  /**
   * Reads what to decode; undefined when the file no longer exists or has no parameter sets. Throws
   * PictureTooLargeError, and the errors of open(2) and read(2).
   */
  read(maxPixels: number): Promise<Keyframe | undefined>;
}

/** The newest keyframe of a chunk; undefined if there is none, or no file. Throws the errors of open(2) and read(2). */
export async function newestKeyframe(files: StoreFiles, path: string): Promise<FoundKeyframe | undefined> {
  const chunk = await openRegularFile(files, path);
  if (chunk === undefined) return undefined;
  try {
    const index = await indexChunk(chunk.handle);
    const at = index.keyframes.lastIndexOf(1);
    if (at === -1) return undefined;
    return {
      timeUs: index.captureTimesUs[at] as number,
      read: (maxPixels) => readKeyframe(files, path, index, at, maxPixels),
    };
  } finally {
    await chunk.handle.close();
  }
}

async function readKeyframe(
  files: StoreFiles,
  path: string,
  index: ChunkIndex,
  at: number,
  maxPixels: number,
): Promise<Keyframe | undefined> {
  const chunk = await openRegularFile(files, path);
  if (chunk === undefined) return undefined;
  try {
    const source = chunkSource(path, chunk.handle, index);
    const nals = source && (await readNals(source, at));
    const configuration = nals && source.codec.configurationOf(nals);
    return configuration && keyframeOf(nals, configuration, maxPixels);
  } finally {
    await chunk.handle.close();
  }
}
