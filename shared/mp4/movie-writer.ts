import { type AvcConfiguration, displaySizeOf } from "./avc-configuration.ts";
import { box, boxParts, fullBox, lengthOf, mediaDataHeader, uint16, uint32, uint64 } from "./box.ts";
import { type CaptureRecord, writeCaptureRecord } from "./capture-record.ts";
import { chunkOffsetBox, compositionBoxes, sampleToChunkBox, sizeBox, syncBox, timeBox } from "./sample-boxes.ts";
import { sampleDescriptionBox } from "./sample-description.ts";
import { type SampleTimes, TIMESCALE } from "./sample-times.ts";

/** What a file of one video track holds. */
export interface Movie extends AvcConfiguration, SampleTimes {
  /** Sizes of the samples in bytes, in decode order. */
  sizes: Uint32Array;
  /** Which samples are keyframes, by their index from 0, ascending. */
  keyframes: Uint32Array;
  record: CaptureRecord;
}

const MAC_EPOCH_OFFSET_S = 2_082_844_800; // 1904-01-01 to 1970-01-01
/** 1904 to `timeUs` (µs since the Unix epoch), in seconds: how mp4 tells when something was made. */
function macTime(timeUs: number): number {
  return Math.floor(timeUs / 1e6) + MAC_EPOCH_OFFSET_S;
}

const UNITY_MATRIX = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000);
const UNDETERMINED_LANGUAGE = 0x55c4; // "und", ISO 639-2/T packed

/**
 * Everything of a movie's file that stands before its first sample: `ftyp`, `moov` and the header of `mdat`. The samples
 * follow in decode order without anything between them. Throws RangeError when a number does not fit its field.
 */
export function writeMovieHead(movie: Movie): Buffer {
  const mediaBytes = movie.sizes.reduce((sum, size) => sum + size, 0);
  const parts = movieHeadParts({
    configuration: movie,
    record: movie.record,
    timing: {
      createdUs: movie.record.spans[0]?.firstCaptureTimeUs ?? 0,
      timescale: TIMESCALE,
      duration: movie.durationTicks,
    },
    mediaBytes,
    tables: (mediaOffset) => sampleTables(movie, isLongFile(mediaBytes), mediaOffset),
  });
  return Buffer.concat(parts);
}

/** What stands before the first sample, with the sample tables as they come. */
export interface MovieHead {
  configuration: AvcConfiguration;
  record: CaptureRecord;
  timing: MovieTiming;
  mediaBytes: number;
  /** The tables of `stbl` behind `stsd`, with the first sample at this offset of the file; equally long for any. */
  tables(mediaOffset: number): Buffer[];
}

/** `ftyp`, `moov` and the header of `mdat` in parts, so that long tables are not copied. Throws as `writeMovieHead`. */
export function movieHeadParts({ configuration, record, timing, mediaBytes, tables }: MovieHead): Buffer[] {
  const type = box("ftyp", Buffer.from("isom\0\0\x02\0isomiso6avc1mp41", "latin1"));
  const mdat = mediaDataHeader(mediaBytes);
  const movie = (mediaOffset: number) =>
    boxParts("moov", [
      movieHeaderBox(timing),
      writeCaptureRecord(record), // near the front: who wants no more need not read the sample tables
      ...videoTrackParts(configuration, timing, [sampleDescriptionBox(configuration), ...tables(mediaOffset)]),
    ]);
  return [type, ...movie(type.length + lengthOf(movie(0)) + mdat.length), mdat];
}

/** Whether offsets in the file may need 64 bits. */
export function isLongFile(mediaBytes: number): boolean {
  return mediaBytes > 0xf000_0000;
}

/** How the headers of a movie count its time. */
export interface MovieTiming {
  /** µs since the Unix epoch. */
  createdUs: number;
  /** Ticks a second. */
  timescale: number;
  /** In ticks; 0 when it is told by fragments. */
  duration: number;
  /** What is shown of the media, when not all of it is (`elst`, ISO/IEC 14496-12 §8.6.6). */
  edit?: Edit;
}

/** The part of the media that is shown, in ticks; the file then lasts as long as it does. */
export interface Edit {
  start: number;
  duration: number;
}

/** `mvhd` of a movie of one track. */
export function movieHeaderBox({ createdUs, timescale, duration, edit }: MovieTiming): Buffer {
  return fullBox(
    "mvhd",
    1,
    0,
    uint64(macTime(createdUs), macTime(createdUs)),
    uint32(timescale),
    uint64(edit?.duration ?? duration),
    uint32(0x10000), // rate
    uint16(0x100, 0), // volume
    uint32(0, 0),
    UNITY_MATRIX,
    uint32(0, 0, 0, 0, 0, 0),
    uint32(2), // next_track_ID
  );
}

/** `trak` of the video track, whose track_ID is 1, in parts; `tables` are the content of its `stbl`. */
export function videoTrackParts(
  configuration: AvcConfiguration,
  { createdUs, timescale, duration, edit }: MovieTiming,
  tables: readonly Buffer[],
): Buffer[] {
  const created = uint64(macTime(createdUs), macTime(createdUs));
  const { width, height } = displaySizeOf(configuration);
  const header = fullBox(
    "tkhd",
    1,
    3, // enabled, in movie
    created,
    uint32(1, 0),
    uint64(edit?.duration ?? duration),
    uint32(0, 0, 0, 0),
    UNITY_MATRIX,
    uint32(width * 0x10000, height * 0x10000),
  );
  const media = boxParts("mdia", [
    fullBox("mdhd", 1, 0, created, uint32(timescale), uint64(duration), uint16(UNDETERMINED_LANGUAGE, 0)),
    fullBox("hdlr", 0, 0, uint32(0), Buffer.from("vide"), uint32(0, 0, 0), Buffer.from("Hindsight\0")),
    ...boxParts("minf", [
      fullBox("vmhd", 0, 1, uint16(0, 0, 0, 0)),
      box("dinf", fullBox("dref", 0, 0, uint32(1), fullBox("url ", 0, 1))),
      ...boxParts("stbl", tables),
    ]),
  ]);
  return boxParts("trak", [header, ...(edit === undefined ? [] : [editBox(edit)]), ...media]);
}

/** `edts` with one edit at normal speed. */
function editBox({ start, duration }: Edit): Buffer {
  return box("edts", fullBox("elst", 1, 0, uint32(1), uint64(duration, start), uint16(1, 0)));
}

function sampleTables(movie: Movie, isLong: boolean, mediaOffset: number): Buffer[] {
  return [
    timeBox(movie),
    ...compositionBoxes(movie),
    syncBox(movie.keyframes),
    sizeBox(movie.sizes),
    sampleToChunkBox(movie),
    chunkOffsetBox(movie, isLong, mediaOffset),
  ];
}
