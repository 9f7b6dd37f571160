import { box, fullBox, uint32, uint32Table, uint64 } from "./box.ts";
import { fileTypeBox, movieHeaderBox, trackParts } from "./movie-boxes.ts";
import type { TrackDescription } from "./sample-description.ts";

/** Writes fragmented mp4 (ISO/IEC 14496-12 §8.8), as Media Source Extensions accept it. */

/** Ticks per second: fragments use µs, as capture times do. */
const FRAGMENT_TIMESCALE = 1_000_000;

/** The fragments are of the first track, the video. */
const TRACK_ID = 1;
/** tfhd: offsets are counted from the moof box (§8.8.7.1). */
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
/** trun: data offset, and for the sample its duration, size, flags and composition offset (§8.8.8.1). */
const TRUN_FLAGS = 0x000f01;
/**
 * sample_flags of a sync sample (sample_depends_on = 2), and of a non-sync sample that depends on others (§8.8.3.1).
 */
const SYNC_SAMPLE = 0x0200_0000;
const OTHER_SAMPLE = 0x0101_0000;
const LENGTH_BYTES = 4;

/** One sample, with times in µs from the start of the stream. */
export interface FragmentSample {
  /** Number of the fragment, from 1. */
  sequence: number;
  isKeyframe: boolean;
  decodeTimeUs: number;
  presentationTimeUs: number;
  durationUs: number;
}

/** The initialization segment: `ftyp`, and `moov` without samples. `createdUs` is in µs since the Unix epoch. */
export function writeInitializationSegment(tracks: readonly TrackDescription[], createdUs: number): Buffer {
  const timing = { createdUs, timescale: FRAGMENT_TIMESCALE, duration: 0 };
  const emptyTables = [
    fullBox("stts", 0, 0, uint32(0)),
    fullBox("stsc", 0, 0, uint32(0)),
    fullBox("stsz", 0, 0, uint32(0, 0)),
    fullBox("stco", 0, 0, uint32(0)),
  ];
  return Buffer.concat([
    fileTypeBox(["iso5", "iso6"], tracks),
    box(
      "moov",
      movieHeaderBox(timing, tracks.length),
      ...tracks.flatMap((description, i) => trackParts({ id: i + 1, description, timing, shownTicks: 0 }, emptyTables)),
      box("mvex", ...tracks.map((_, i) => fullBox("trex", 0, 0, uint32(i + 1, 1, 0, 0, 0)))),
    ),
  ]);
}

/** A media segment of one sample: `moof`, and `mdat` with the NAL units, each behind its length of four bytes. */
export function writeFragment(sample: FragmentSample, nals: readonly Buffer[]): Buffer {
  const size = nals.reduce((sum, nal) => sum + LENGTH_BYTES + nal.length, 0);
  const head = movieFragmentBox(sample, size);
  const fragment = Buffer.allocUnsafe(head.length + 8 + size);
  let at = head.copy(fragment, 0);
  at = fragment.writeUInt32BE(8 + size, at);
  at += fragment.write("mdat", at, "latin1");
  for (const nal of nals) {
    at = fragment.writeUInt32BE(nal.length, at);
    at += nal.copy(fragment, at);
  }
  return fragment;
}

function movieFragmentBox(sample: FragmentSample, size: number): Buffer {
  const offset = sample.presentationTimeUs - sample.decodeTimeUs;
  const boxOf = (dataOffset: number) =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, uint32(sample.sequence)),
      box(
        "traf",
        fullBox("tfhd", 0, DEFAULT_BASE_IS_MOOF, uint32(TRACK_ID)),
        fullBox("tfdt", 1, 0, uint64(sample.decodeTimeUs)),
        fullBox(
          "trun",
          1, // composition offsets may be negative
          TRUN_FLAGS,
          uint32(1, dataOffset),
          uint32Table([sample.durationUs, size, sample.isKeyframe ? SYNC_SAMPLE : OTHER_SAMPLE, offset]),
        ),
      ),
    );
  return boxOf(boxOf(0).length + 8);
}
