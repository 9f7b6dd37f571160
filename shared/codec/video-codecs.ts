import { H264 } from "./h264/h264.ts";
import type { VideoCodec } from "./video-codec.ts";

/** The video codecs that this version knows. */
const VIDEO_CODECS: readonly VideoCodec[] = [H264];

/** The codec of chunk blocks of a kind, and of live messages of that version. */
export function videoCodecOfBlock(kind: number): VideoCodec | undefined {
  return VIDEO_CODECS.find(({ blockKind }) => blockKind === kind);
}

/** The codec of a sample entry type. */
export function videoCodecOfSampleEntry(type: string): VideoCodec | undefined {
  return VIDEO_CODECS.find(({ sampleEntryType }) => sampleEntryType === type);
}
