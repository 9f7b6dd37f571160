import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ChunkIndex, indexChunk } from "../chunk/chunk-index.ts";
import { BLOCK_HEADER_BYTES, BlockKind, writeBlockHeader } from "../chunk/format.ts";
import { splitAccessUnit } from "../codec/h264/access-unit.ts";
import { START_CODE } from "../codec/nal-units.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import type { SampleSource } from "../minute/sample-source.ts";
import { temporaryName } from "../store/names.ts";
import { readSample } from "./sample-copy.ts";

/**
 * A copy of a chunk's access units in which every NAL unit stands behind a start code of four bytes, for chunks in which
 * some do not: no recorder of ours writes such, but a NAL unit is worth the same behind either. The file has no name and
 * is gone once it is closed. Throws the errors of read(2), open(2) and write(2).
 */
export async function normalizeChunk(
  files: StoreFiles,
  source: SampleSource,
  index: ChunkIndex,
): Promise<{ file: FileHandle; index: ChunkIndex }> {
  const path = join(dirname(source.path), temporaryName(basename(source.path), randomBytes(6).toString("hex")));
  const file = await files.open(path, "wx+");
  try {
    await files.rm(path);
    for (let i = 0; i < index.sizes.length; i++) {
      const nals = splitAccessUnit(await readSample(source, i));
      const data = Buffer.concat(nals.flatMap((nal) => [START_CODE, nal]));
      const header = Buffer.alloc(BLOCK_HEADER_BYTES);
      writeBlockHeader(header, 0, {
        kind: BlockKind.h264,
        length: data.length,
        timeUs: index.captureTimesUs[i] as number,
      });
      await file.appendFile(Buffer.concat([header, data]));
    }
    const { offsets, sizes, keyframes } = await indexChunk(file);
    return { file, index: { ...index, offsets, sizes, keyframes } };
  } catch (error) {
    await file.close();
    throw error;
  }
}
