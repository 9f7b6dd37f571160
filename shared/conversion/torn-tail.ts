import type { FileHandle } from "node:fs/promises";
import { BLOCK_HEADER_BYTES, readBlockHeader } from "../chunk/format.ts";
import { START_CODE } from "../codec/nal-units.ts";
import { videoCodecOfBlock } from "../codec/video-codecs.ts";

const WINDOW_BYTES = 1024 * 1024;
/** The times of a chunk's blocks differ by less than this: they are of one minute, or of one GOP that is longer. */
const SAME_CHUNK_US = 3_600_000_000;

/**
 * Whether a torn tail (from `start` to `end` of a chunk) is more than the beginning of one block: because of a wrong
 * length in a header, all that follows may look like one block, and would be lost. Searches it for the header of
 * another video block, which video data does not resemble by chance. Throws the errors of read(2).
 */
export async function hidesBlocks(file: FileHandle, start: number, end: number): Promise<boolean> {
  const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, end - start));
  const overlap = BLOCK_HEADER_BYTES + START_CODE.length;
  let timeUs: number | undefined;
  for (let at = start; at < end; at += window.length - overlap) {
    const { bytesRead } = await file.read(window, 0, Math.min(window.length, end - at), at);
    const bytes = window.subarray(0, bytesRead);
    timeUs ??= readBlockHeader(bytes, 0)?.timeUs;
    if (timeUs === undefined) return false;
    // The first header is that of the torn block: the start code behind it is not of another block.
    for (let code = bytes.indexOf(START_CODE, at === start ? overlap : 0); code !== -1; ) {
      const header = code < BLOCK_HEADER_BYTES ? undefined : readBlockHeader(bytes, code - BLOCK_HEADER_BYTES);
      const isVideo = header !== undefined && videoCodecOfBlock(header.kind) !== undefined;
      if (isVideo && Math.abs(header.timeUs - timeUs) < SAME_CHUNK_US) return true;
      code = bytes.indexOf(START_CODE, code + 1);
    }
    if (bytesRead < window.length || window.length <= overlap) break;
  }
  return false;
}
