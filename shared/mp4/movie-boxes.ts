import { displaySizeOf } from "../codec/video-configuration.ts";
import { box, boxParts, fullBox, uint16, uint32, uint64 } from "./box.ts";
import { sampleDescriptionBox, type TrackDescription } from "./sample-description.ts";

/** The times in the header of a movie or track. */
export interface Timing {
  /** µs since the Unix epoch. */
  createdUs: number;
  /** Ticks per second. */
  timescale: number;
  /** In ticks; 0 when the duration is given by fragments. */
  duration: number;
}

/**
 * The part of the media that is shown, in ticks; a movie lasts as long as its edits do (`elst`, ISO/IEC 14496-12
 * §8.6.6).
 */
export interface Edit {
  start: number;
  duration: number;
}

const MAC_EPOCH_OFFSET_S = 2_082_844_800; // 1904-01-01 to 1970-01-01
/** Seconds from 1904 to `timeUs` (µs since the Unix epoch): the creation times of mp4. */
function macTime(timeUs: number): number {
  return Math.floor(timeUs / 1e6) + MAC_EPOCH_OFFSET_S;
}

const UNITY_MATRIX = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000);
const UNDETERMINED_LANGUAGE = 0x55c4; // "und", ISO 639-2/T packed
const FULL_VOLUME = 0x100;

/**
 * `ftyp` (§4.3): the brands in `front`, the first of which is the major one, then those of the video codecs, and
 * `mp41`.
 */
export function fileTypeBox(front: readonly string[], tracks: readonly TrackDescription[]): Buffer {
  const ofCodecs = tracks.flatMap((track) => (track.kind === "video" ? track.configuration.codec.fileBrands : []));
  const brands = [...front, ...new Set(ofCodecs), "mp41"];
  return box("ftyp", Buffer.from(`${front[0]}\0\0\x02\0${brands.join("")}`, "latin1"));
}

/** `mvhd` of a movie with `trackCount` tracks. */
export function movieHeaderBox({ createdUs, timescale, duration }: Timing, trackCount: number): Buffer {
  return fullBox(
    "mvhd",
    1,
    0,
    uint64(macTime(createdUs), macTime(createdUs)),
    uint32(timescale),
    uint64(duration),
    uint32(0x10000), // rate
    uint16(FULL_VOLUME, 0),
    uint32(0, 0),
    UNITY_MATRIX,
    uint32(0, 0, 0, 0, 0, 0),
    uint32(trackCount + 1), // next_track_ID
  );
}

/** What `trak` says about a track. */
export interface TrackHeader {
  /** Counts from 1. */
  id: number;
  description: TrackDescription;
  timing: Timing;
  /** How long it is shown, in ticks of the movie. */
  shownTicks: number;
  /** The part of the media that is shown, when it is not all of it. */
  edit?: Edit;
}

/** `trak` in parts; `tables` is the content of its `stbl` after `stsd`. */
export function trackParts(track: TrackHeader, tables: readonly Buffer[]): Buffer[] {
  const { description, timing, edit } = track;
  const { createdUs, timescale, duration } = timing;
  const created = uint64(macTime(createdUs), macTime(createdUs));
  const isVideo = description.kind === "video";
  const media = boxParts("mdia", [
    fullBox("mdhd", 1, 0, created, uint32(timescale), uint64(duration), uint16(UNDETERMINED_LANGUAGE, 0)),
    fullBox(
      "hdlr",
      0,
      0,
      uint32(0),
      Buffer.from(isVideo ? "vide" : "soun"),
      uint32(0, 0, 0),
      Buffer.from("Hindsight\0"),
    ),
    ...boxParts("minf", [
      isVideo ? fullBox("vmhd", 0, 1, uint16(0, 0, 0, 0)) : fullBox("smhd", 0, 0, uint16(0, 0)),
      box("dinf", fullBox("dref", 0, 0, uint32(1), fullBox("url ", 0, 1))),
      ...boxParts("stbl", [sampleDescriptionBox(description), ...tables]),
    ]),
  ]);
  return boxParts("trak", [trackHeaderBox(track, created), ...(edit === undefined ? [] : [editBox(edit)]), ...media]);
}

function trackHeaderBox({ id, description, shownTicks }: TrackHeader, created: Buffer): Buffer {
  const isVideo = description.kind === "video";
  const { width, height } = isVideo ? displaySizeOf(description.configuration) : { width: 0, height: 0 };
  return fullBox(
    "tkhd",
    1,
    3, // enabled, in movie
    created,
    uint32(id, 0),
    uint64(shownTicks),
    uint32(0, 0),
    uint16(0, 0, isVideo ? 0 : FULL_VOLUME, 0), // layer, alternate_group, volume
    UNITY_MATRIX,
    uint32(width * 0x10000, height * 0x10000),
  );
}

/** `edts` with one edit at normal speed. */
function editBox({ start, duration }: Edit): Buffer {
  return box("edts", fullBox("elst", 1, 0, uint32(1), uint64(duration, start), uint16(1, 0)));
}
