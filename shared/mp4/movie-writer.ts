import { boxParts, lengthOf, mediaDataHeader } from "./box.ts";
import { type CaptureRecord, writeCaptureRecord } from "./capture-record.ts";
import { type Edit, fileTypeBox, movieHeaderBox, type Timing, trackParts } from "./movie-boxes.ts";
import type { TrackDescription } from "./sample-description.ts";
import { SampleTables } from "./sample-tables.ts";
import { TIMESCALE, UNREAD_SAMPLES } from "./sample-times.ts";
import type { Track } from "./track.ts";

/** The content of a file. */
export interface Movie {
  /** In the order of their media data: all samples of one track, in decode order, then those of the next. */
  tracks: readonly Track[];
  record: CaptureRecord;
}

/**
 * Everything in a movie's file before its first sample: `ftyp`, `moov` and the header of `mdat`. The samples follow
 * without gaps. Throws RangeError when a number does not fit its field.
 */
export function writeMovieHead({ tracks, record }: Movie): Buffer {
  const parts = movieHeadParts({
    record,
    createdUs: record.spans[0]?.firstCaptureTimeUs ?? 0,
    tracks: tracks.map((track) => ({
      description: track,
      timescale: track.timescale,
      duration: track.durationTicks,
      tables: tablesOf(track),
    })),
  });
  return Buffer.concat(parts);
}

/** The content of a file before its first sample. */
export interface MovieHead {
  record: CaptureRecord;
  /** µs since the Unix epoch. */
  createdUs: number;
  /** In the order of their media data. */
  tracks: readonly HeadTrack[];
}

/** A track with finished sample tables. */
export interface HeadTrack {
  description: TrackDescription;
  /** Ticks per second. */
  timescale: number;
  /** Of the media, in ticks. */
  duration: number;
  /** The part of the media that is shown, when it is not all of it. */
  edit?: Edit;
  tables: SampleTables;
}

/** `ftyp`, `moov` and the header of `mdat` in parts, so that long tables are not copied. Throws as `writeMovieHead`. */
export function movieHeadParts({ record, createdUs, tracks }: MovieHead): Buffer[] {
  const mediaBytes = tracks.reduce((sum, { tables }) => sum + tables.mediaBytes, 0);
  const type = fileTypeBox(
    ["isom", "iso6"],
    tracks.map(({ description }) => description),
  );
  const mdat = mediaDataHeader(mediaBytes);
  const longestTicks = Math.max(0, ...tracks.map(shownTicks));
  const timing = { createdUs, timescale: TIMESCALE, duration: longestTicks };
  const movie = (mediaOffset: number) => {
    let offset = mediaOffset;
    const parts = tracks.flatMap((track, index) => {
      const tables = track.tables.parts(offset, mediaBytes);
      offset += track.tables.mediaBytes;
      return partsOf(track, index + 1, createdUs, tables);
    });
    // The record comes early, so that readers that only need it do not have to read the sample tables.
    return boxParts("moov", [movieHeaderBox(timing, tracks.length), writeCaptureRecord(record), ...parts]);
  };
  return [type, ...movie(type.length + lengthOf(movie(0)) + mdat.length), mdat];
}

function partsOf(
  { description, timescale, duration, edit }: HeadTrack,
  id: number,
  createdUs: number,
  tables: Buffer[],
) {
  const timing: Timing = { createdUs, timescale, duration };
  const shown = shownTicks({ timescale, duration, ...(edit && { edit }) });
  return trackParts({ id, description, timing, shownTicks: shown, ...(edit && { edit }) }, tables);
}

/** How long a track is shown, in ticks of the movie. */
function shownTicks({ edit, timescale, duration }: Pick<HeadTrack, "edit" | "timescale" | "duration">): number {
  return edit?.duration ?? Math.round((duration * TIMESCALE) / timescale);
}

function tablesOf({ kind, sizes, dts, ptsOffsets, keyframes, durationTicks }: Track): SampleTables {
  const tables = new SampleTables();
  const run = { sizes, dts, ...(ptsOffsets && { ptsOffsets }), ...(kind === "video" && { keyframes }) };
  tables.add(run, durationTicks - (dts.at(-1) ?? 0), UNREAD_SAMPLES);
  return tables;
}
