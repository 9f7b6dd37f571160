import type { FileHandle } from "node:fs/promises";
import { type ChunkIndex, indexChunk } from "../../../shared/chunk/chunk-index.ts";
import { splitAccessUnit } from "../../../shared/codec/h264/access-unit.ts";
import { SpsError } from "../../../shared/codec/h264/sps.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { planMinute } from "../../../shared/minute/minute-plan.ts";
import { avcConfigurationOf } from "../../../shared/mp4/avc-configuration.ts";
import { TimesTooFarApartError } from "../../../shared/mp4/sample-times.ts";
import { openRegularFile } from "../http/send-file.ts";
import { type Picture, pictureOf } from "./picture.ts";
import type { Span } from "./spans.ts";

/** What only the inside of a minute's files tells. */
export interface MinuteFacts {
  /** In the order in which they were recorded. */
  spans: readonly Span[];
  picture: Picture | undefined;
}

/** Parameter sets stand before a keyframe's picture data. */
const PARAMETER_BYTES = 4096;

/**
 * What the chunks of a minute tell: the spans are those that their mp4 will have. Undefined when they have gone, hold no
 * frames yet, or are such that none can be made of them. Throws the errors of open(2) and read(2).
 */
export async function readChunkFacts(files: StoreFiles, paths: readonly string[]): Promise<MinuteFacts | undefined> {
  const handles: FileHandle[] = [];
  try {
    const parts = [];
    for (const path of paths) {
      const opened = await openRegularFile(files, path);
      if (opened === undefined) continue;
      const file = opened.handle;
      handles.push(file);
      const index = await indexChunk(file);
      parts.push({ index, source: { path, file, offsets: index.offsets, sizes: index.sizes, isAnnexB: true } });
    }
    const { spans } = planMinute(undefined, parts).movie.record;
    if (spans.length === 0) return undefined;
    const first = parts.find(({ index }) => index.keyframes.includes(1));
    return {
      spans: spans.map(({ firstCaptureTimeUs, endUs }) => ({ startUs: firstCaptureTimeUs, endUs })),
      picture: first === undefined ? undefined : await readPicture(first.source.file, first.index),
    };
  } catch (error) {
    if (error instanceof TimesTooFarApartError) return undefined; // it will be put into quarantine
    throw error;
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function readPicture(file: FileHandle, index: ChunkIndex): Promise<Picture | undefined> {
  const keyframe = index.keyframes.indexOf(1);
  const head = Buffer.alloc(Math.min(PARAMETER_BYTES, index.sizes[keyframe] as number));
  await file.read(head, 0, head.length, index.offsets[keyframe] as number);
  try {
    const configuration = avcConfigurationOf(splitAccessUnit(head));
    return configuration && pictureOf(configuration);
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  }
}
