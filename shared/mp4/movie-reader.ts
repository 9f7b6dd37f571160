import type { VideoConfiguration } from "../codec/video-codec.ts";
import { LaterVersionError, Mp4Error, readBoxes } from "./box-reader.ts";
import { type CaptureRecord, readCaptureRecord } from "./capture-record.ts";
import { readSampleTable, type SampleExtent } from "./sample-table-reader.ts";
import { TIMESCALE } from "./sample-times.ts";
import type { AudioTrack, Track, VideoTrack } from "./track.ts";
import { type FoundTrack, findTracks, OtherCodecError, readVideoEntry, sampleEntryOf } from "./track-reader.ts";

/** A track that was read, with the positions of its samples in the file. */
export type ReadTrack<Kind extends Track = Track> = Kind & {
  /** Offset of each sample in the file. */
  offsets: Float64Array;
  extent: SampleExtent;
};

/** A track with neither video nor sound, such as one with text. */
export interface OtherTrack {
  kind: "other";
  /** Its handler type (ISO/IEC 14496-12 §8.4.3). */
  handler: string;
}

/** A movie that was read. */
export interface ReadMovie {
  /** The first video track, which the capture record describes. */
  video: ReadTrack<VideoTrack>;
  /** In the order of the file, including the video. Only the video, if nothing else was requested. */
  tracks: readonly (ReadTrack | OtherTrack)[];
  record: CaptureRecord;
}

/** What the beginning of a movie's index says, without its sample tables. */
export interface MovieSummary {
  /** Of the video. */
  configuration: VideoConfiguration;
  durationTicks: number;
  record: CaptureRecord;
}

/** Limits for reading an index. */
export interface ParseOptions {
  /** Length of the file: its samples cannot have more bytes, whatever a damaged table says. */
  fileBytes: number;
  /** Skip other tracks: the tables of sound may be long. */
  only?: "video";
}

/**
 * Reads the content of a `moov` box that `writeMovieHead` wrote. Throws Mp4Error when it is damaged, or not ours:
 * another timescale, no capture record, no video track. Throws LaterVersionError when it is ours but holds something
 * that this version does not know: OtherCodecError when that is the codec of the video.
 */
export function parseMovie(moov: Buffer, { fileBytes, only }: ParseOptions): ReadMovie {
  const boxes = readBoxes(moov);
  const record = readCaptureRecord(moov, boxes);
  if (record === undefined) throw new Mp4Error("no capture record: this file was not written by Hindsight");
  const found = findTracks(moov, boxes);
  const first = videoOf(found);
  const video = readVideo(moov, first, fileBytes, record);
  const counted = record.spans.reduce((sum, span) => sum + span.sampleCount, 0);
  if (counted !== video.sizes.length) {
    throw new Mp4Error(`the capture record counts ${counted} samples, the sample tables ${video.sizes.length}`);
  }
  if (only === "video") return { video, tracks: [video], record };
  const tracks = found.map((track) => (track === first ? video : readOther(moov, track, fileBytes)));
  return { video, tracks, record };
}

/**
 * Reads what comes before the sample tables of the video, from the first bytes of a `moov` box's content: 1 kB is
 * normally enough. Throws Mp4Error, also when the bytes end too early.
 */
export function parseMovieSummary(head: Buffer): MovieSummary {
  const boxes = readBoxes(head, 0, head.length, true);
  const record = readCaptureRecord(head, boxes);
  if (record === undefined) throw new Mp4Error("no capture record at the start of the index");
  const track = videoOf(findTracks(head, boxes, true));
  return { configuration: readVideoEntry(head, track), durationTicks: track.durationTicks, record };
}

function videoOf(tracks: readonly FoundTrack[]): FoundTrack {
  const video = tracks.find(({ handler }) => handler === "vide");
  if (video === undefined) throw new Mp4Error("no video track");
  if (video.timescale !== TIMESCALE) {
    throw new Mp4Error(`a timescale of ${video.timescale} ticks a second, not ${TIMESCALE}`);
  }
  return video;
}

function readVideo(moov: Buffer, track: FoundTrack, fileBytes: number, record: CaptureRecord): ReadTrack<VideoTrack> {
  try {
    return { kind: "video", configuration: readVideoEntry(moov, track), ...samplesOf(moov, track, fileBytes) };
  } catch (error) {
    if (error instanceof OtherCodecError) error.record = record;
    throw error;
  }
}

function readOther(moov: Buffer, track: FoundTrack, fileBytes: number): ReadTrack | OtherTrack {
  const { handler } = track;
  if (handler === "vide") throw new LaterVersionError("more than one video track");
  if (handler !== "soun") return { kind: "other", handler };
  const sampleEntry = Buffer.from(sampleEntryOf(moov, track).bytes);
  const audio: ReadTrack<AudioTrack> = { kind: "audio", sampleEntry, ...samplesOf(moov, track, fileBytes) };
  return audio;
}

function samplesOf(moov: Buffer, { sampleTable, timescale, durationTicks }: FoundTrack, fileBytes: number) {
  return { ...readSampleTable(moov, sampleTable, durationTicks, fileBytes), durationTicks, timescale };
}
