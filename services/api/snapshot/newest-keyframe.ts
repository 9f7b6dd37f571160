import { indexChunk } from "../../../shared/chunk/chunk-index.ts";
import { splitAccessUnit } from "../../../shared/codec/h264/access-unit.ts";
import { SpsError } from "../../../shared/codec/h264/sps.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { avcConfigurationOf } from "../../../shared/mp4/avc-configuration.ts";
import { type Keyframe, keyframeOf } from "../../../shared/pictures/keyframe.ts";
import { openRegularFile } from "../http/send-file.ts";

/** A keyframe, not decoded yet. */
export interface FoundKeyframe {
  /** Its capture time, µs since the Unix epoch. */
  timeUs: number;
  /**
   * What to decode; undefined when it has gone or has no parameter sets. Throws PictureTooLargeError, and the errors of open(2)
   * and read(2).
   */
  read(maxPixels: number): Promise<Keyframe | undefined>;
}

/** The newest keyframe in a chunk; undefined when it has none, or has gone. Throws the errors of open(2) and read(2). */
export async function newestKeyframe(files: StoreFiles, path: string): Promise<FoundKeyframe | undefined> {
  const chunk = await openRegularFile(files, path);
  if (chunk === undefined) return undefined;
  try {
    const { keyframes, captureTimesUs, offsets, sizes } = await indexChunk(chunk.handle);
    const at = keyframes.lastIndexOf(1);
    if (at === -1) return undefined;
    return {
      timeUs: captureTimesUs[at] as number,
      read: (maxPixels) => readKeyframe(files, path, offsets[at] as number, sizes[at] as number, maxPixels),
    };
  } finally {
    await chunk.handle.close();
  }
}

async function readKeyframe(
  files: StoreFiles,
  path: string,
  offset: number,
  size: number,
  maxPixels: number,
): Promise<Keyframe | undefined> {
  const chunk = await openRegularFile(files, path);
  if (chunk === undefined) return undefined;
  try {
    const data = Buffer.alloc(size);
    const { bytesRead } = await chunk.handle.read(data, 0, size, offset);
    const nals = splitAccessUnit(data.subarray(0, bytesRead));
    const configuration = avcConfigurationOf(nals);
    if (configuration === undefined) return undefined;
    return keyframeOf(nals, configuration, maxPixels);
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  } finally {
    await chunk.handle.close();
  }
}
