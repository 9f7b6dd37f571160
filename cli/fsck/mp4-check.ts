import type { FileHandle } from "node:fs/promises";
import { NalType, nalType } from "../../shared/codec/h264/nal.ts";
import { Mp4Error, readBoxHeader } from "../../shared/mp4/box-reader.ts";
import type { CaptureSpan } from "../../shared/mp4/capture-record.ts";
import { readMinute } from "../../shared/mp4/minute-file.ts";
import type { ReadMovie } from "../../shared/mp4/movie-reader.ts";
import { type Minute, minuteAt } from "../../shared/time/minute.ts";

const HEADER_BYTES = 16;
const LENGTH_BYTES = 4;
/** A minute is three boxes; more than these are not looked at, so that a damaged file cannot keep us busy. */
const MAX_BOXES = 64;

/**
 * Reads a minute's mp4 as far as it takes to know that it can be played to its last sample: the boxes, the index, and that
 * each sample lies in the media data. With `isDeep` every sample is read, too. Returns its spans. Throws Mp4Error with what is
 * wrong, and the errors of fstat(2) and read(2).
 */
export async function checkMinuteFile(file: FileHandle, minute: Minute, isDeep: boolean): Promise<CaptureSpan[]> {
  const movie = await readMinute(file);
  const media = await findMediaData(file);
  const { offsets, sizes } = movie;
  if (sizes.length === 0) throw new Mp4Error("there is no sample in it");
  for (let i = 0; i < sizes.length; i++) {
    const offset = offsets[i] as number;
    if (offset < media.start || offset + (sizes[i] as number) > media.end) {
      throw new Mp4Error(`sample ${i} does not lie in the media data`);
    }
  }
  if (movie.keyframes[0] !== 0) throw new Mp4Error("it does not begin with a keyframe");
  const { spans } = movie.record;
  if (!spans.some(({ firstCaptureTimeUs }) => minuteAt(firstCaptureTimeUs) === minute)) {
    throw new Mp4Error(
      `its first picture was taken in ${minuteAt(spans[0]?.firstCaptureTimeUs ?? 0)}, not in ${minute}`,
    );
  }
  if (isDeep) await readSamples(file, movie);
  return spans;
}

/** Where the content of `mdat` lies; it is the last box, and the file ends with it. Throws Mp4Error. */
async function findMediaData(file: FileHandle): Promise<{ start: number; end: number }> {
  const { size } = await file.stat();
  const head = Buffer.alloc(HEADER_BYTES);
  for (let at = 0, boxes = 0; at < size && boxes < MAX_BOXES; boxes++) {
    const { bytesRead } = await file.read(head, 0, HEADER_BYTES, at);
    const header = readBoxHeader(head, 0, bytesRead);
    if (header === undefined) throw new Mp4Error(`the file ends within a box header at ${at}`);
    const end = header.size === 0 ? size : at + header.size;
    if (end > size) throw new Mp4Error(`box "${header.type}" ends at ${end}, the file at ${size}`);
    if (header.type === "mdat") {
      if (end < size) throw new Mp4Error(`${size - end} bytes follow the media data`);
      return { start: at + header.headerBytes, end };
    }
    at = end;
  }
  throw new Mp4Error('no "mdat" box');
}

async function readSamples(file: FileHandle, { offsets, sizes, keyframes }: ReadMovie): Promise<void> {
  let buffer = Buffer.alloc(0);
  let nextKeyframe = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number;
    if (buffer.length < size) buffer = Buffer.allocUnsafe(size * 2);
    const { bytesRead } = await file.read(buffer, 0, size, offsets[i] as number);
    if (bytesRead < size) throw new Mp4Error(`the file ends within sample ${i}`);
    const hasIdr = checkSample(buffer.subarray(0, size), i);
    const isKeyframe = keyframes[nextKeyframe] === i;
    if (isKeyframe) nextKeyframe++;
    if (isKeyframe && !hasIdr) throw new Mp4Error(`sample ${i} is marked as a keyframe and holds no IDR picture`);
  }
}

/** Whether a sample holds an IDR picture. Throws Mp4Error when its NAL units do not fill it exactly. */
function checkSample(sample: Buffer, index: number): boolean {
  let hasIdr = false;
  for (let at = 0; at < sample.length; ) {
    const length = sample.length - at < LENGTH_BYTES ? 0 : sample.readUInt32BE(at);
    if (length === 0 || at + LENGTH_BYTES + length > sample.length) {
      throw new Mp4Error(`the NAL units of sample ${index} do not fill it`);
    }
    hasIdr ||= nalType(sample[at + LENGTH_BYTES] as number) === NalType.idrSlice;
    at += LENGTH_BYTES + length;
  }
  return hasIdr;
}
