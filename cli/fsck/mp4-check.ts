import type { FileHandle } from "node:fs/promises";
import { splitLengths } from "../../shared/codec/nal-units.ts";
import type { VideoCodec } from "../../shared/codec/video-codec.ts";
import { Mp4Error, readBoxHeader } from "../../shared/mp4/box-reader.ts";
import type { CaptureSpan } from "../../shared/mp4/capture-record.ts";
import { readMinute } from "../../shared/mp4/minute-file.ts";
import type { ReadTrack } from "../../shared/mp4/movie-reader.ts";
import type { VideoTrack } from "../../shared/mp4/track.ts";
import { type Minute, minuteAt } from "../../shared/time/minute.ts";

const HEADER_BYTES = 16;
/** A minute has three boxes; a limit, so that a damaged file cannot keep us busy. */
const MAX_BOXES = 64;

/**
 * Reads enough of a minute's mp4 to know that it can be played to its last sample: the boxes, the index, and that each
 * sample is within the media data. With `isDeep` every picture is read, too. Returns its spans. Throws Mp4Error with
 * what is wrong, and the errors of fstat(2) and read(2).
 */
export async function checkMinuteFile(file: FileHandle, minute: Minute, isDeep: boolean): Promise<CaptureSpan[]> {
  const { video, tracks, record } = await readMinute(file);
  const media = await findMediaData(file);
  if (video.sizes.length === 0) throw new Mp4Error("there is no sample in it");
  for (const track of tracks) {
    if (track.kind !== "other") requireWithin(track, media);
  }
  if (video.keyframes[0] !== 0) throw new Mp4Error("it does not begin with a keyframe");
  const { spans } = record;
  if (!spans.some(({ firstCaptureTimeUs }) => minuteAt(firstCaptureTimeUs) === minute)) {
    throw new Mp4Error(
      `its first picture was taken in ${minuteAt(spans[0]?.firstCaptureTimeUs ?? 0)}, not in ${minute}`,
    );
  }
  if (isDeep) await checkPictures(file, video);
  return spans;
}

/** The position of the content of `mdat`, which must be the last box and end with the file. Throws Mp4Error. */
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

function requireWithin({ offsets, sizes }: ReadTrack, media: { start: number; end: number }): void {
  for (let i = 0; i < sizes.length; i++) {
    const offset = offsets[i] as number;
    if (offset < media.start || offset + (sizes[i] as number) > media.end) {
      throw new Mp4Error(`sample ${i} does not lie in the media data`);
    }
  }
}

async function checkPictures(file: FileHandle, video: ReadTrack<VideoTrack>): Promise<void> {
  const { offsets, sizes, keyframes, configuration } = video;
  let buffer = Buffer.alloc(0);
  let nextKeyframe = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number;
    if (buffer.length < size) buffer = Buffer.allocUnsafe(size * 2);
    const { bytesRead } = await file.read(buffer, 0, size, offsets[i] as number);
    if (bytesRead < size) throw new Mp4Error(`the file ends within sample ${i}`);
    const canBegin = canBeginAt(buffer.subarray(0, size), i, configuration.codec);
    const isKeyframe = keyframes[nextKeyframe] === i;
    if (isKeyframe) nextKeyframe++;
    if (isKeyframe && !canBegin) {
      throw new Mp4Error(`sample ${i} is marked as a keyframe, and a decoder cannot begin at it`);
    }
  }
}

/** Whether a decoder can begin at a sample. Throws Mp4Error when its NAL units do not fill it exactly. */
function canBeginAt(sample: Buffer, index: number, codec: VideoCodec): boolean {
  const { nals, restBytes } = splitLengths(sample);
  if (restBytes > 0 || nals.some(({ length }) => length === 0)) {
    throw new Mp4Error(`the NAL units of sample ${index} do not fill it`);
  }
  return codec.randomAccessOfNals(nals) !== "none";
}
