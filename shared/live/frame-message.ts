import type { VideoCodec } from "../codec/video-codec.ts";
import { videoCodecOfBlock } from "../codec/video-codecs.ts";

/**
 * A frame on its way from a recorder to the apis:
 *
 * | bytes | field |
 * | --- | --- |
 * | 1 | version: the codec of the access unit, by its `blockKind` (0 = H.264) |
 * | 1 | flags: bit 0 = keyframe |
 * | 4 | source: a random number for each run of frames with consecutive sequence numbers |
 * | 4 | sequence number, from 0, modulo 2^32: a gap shows that frames were dropped on the way |
 * | 8 | unsigned 64-bit: capture time, µs since the Unix epoch |
 * | rest | the access unit's NAL units, each behind an Annex B start code, parameter sets before every keyframe |
 *
 * All numbers are big-endian.
 */
export const FRAME_HEADER_BYTES = 18;

const KEYFRAME_FLAG = 1;
/** A message with less than a start code and the first byte of a NAL unit holds no frame. */
const MIN_DATA_BYTES = 5;

/** The fields before a frame's bytes. */
export interface FrameHeader {
  codec: VideoCodec;
  isKeyframe: boolean;
  source: number;
  sequence: number;
  /** µs since the Unix epoch. */
  captureTimeUs: number;
}

export interface LiveFrame extends FrameHeader {
  /** Annex B, as in a chunk. */
  data: Buffer;
}

/** Makes the message of a frame, with a copy of the bytes of `source` from `start` to `end`. */
export function encodeFrame(header: FrameHeader, source: Buffer, start: number, end: number): Buffer {
  const message = Buffer.allocUnsafe(FRAME_HEADER_BYTES + end - start);
  message.writeUInt8(header.codec.blockKind, 0);
  message.writeUInt8(header.isKeyframe ? KEYFRAME_FLAG : 0, 1);
  message.writeUInt32BE(header.source, 2);
  message.writeUInt32BE(header.sequence, 6);
  message.writeUInt32BE(Math.floor(header.captureTimeUs / 2 ** 32), 10);
  message.writeUInt32BE(header.captureTimeUs >>> 0, 14);
  source.copy(message, FRAME_HEADER_BYTES, start, end);
  return message;
}

/** Parses the message of a frame; undefined when it is invalid or of an unknown codec. `data` is a view. */
export function decodeFrame(message: Buffer): LiveFrame | undefined {
  if (message.length < FRAME_HEADER_BYTES + MIN_DATA_BYTES) return undefined;
  const codec = videoCodecOfBlock(message.readUInt8(0));
  const captureTimeUs = message.readUInt32BE(10) * 2 ** 32 + message.readUInt32BE(14);
  if (codec === undefined || !Number.isSafeInteger(captureTimeUs)) return undefined;
  return {
    codec,
    isKeyframe: (message.readUInt8(1) & KEYFRAME_FLAG) !== 0,
    source: message.readUInt32BE(2),
    sequence: message.readUInt32BE(6),
    captureTimeUs,
    data: message.subarray(FRAME_HEADER_BYTES),
  };
}
