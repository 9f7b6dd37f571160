import type { ChunkOrigin } from "../chunk/format.ts";

/** Access units of one recorder session in decode order: a chunk, or a span of an existing mp4. */
export interface Recording {
  origin?: ChunkOrigin;
  /** µs since the Unix epoch. */
  captureTimesUs: Float64Array;
  /** 1 where an access unit is a keyframe. */
  keyframes: Uint8Array;
  /** Where the last picture ends, µs since the Unix epoch. */
  endUs: number;
}

/** Consecutive access units of a recording, from index `from` to `to` (exclusive). */
export interface RecordingRange {
  recording: number;
  from: number;
  to: number;
}

/** The least and the greatest capture time in a range, µs since the Unix epoch. */
export function captureBounds(
  recordings: readonly Recording[],
  range: RecordingRange,
): { firstUs: number; lastUs: number } {
  const { captureTimesUs } = recordings[range.recording] as Recording;
  let firstUs = Number.POSITIVE_INFINITY;
  let lastUs = Number.NEGATIVE_INFINITY;
  for (let i = range.from; i < range.to; i++) {
    const timeUs = captureTimesUs[i] as number;
    if (timeUs < firstUs) firstUs = timeUs;
    if (timeUs > lastUs) lastUs = timeUs;
  }
  return { firstUs, lastUs };
}

const MAX_FRAME_US = 1_000_000;
const DEFAULT_FRAME_US = 40_000;

/** Typical duration of a picture, µs: the median of the intervals. */
export function frameDurationUs(captureTimesUs: Float64Array): number {
  const sorted = captureTimesUs.slice().sort();
  const intervals = new Float64Array(Math.max(0, sorted.length - 1));
  for (let i = 0; i < intervals.length; i++) intervals[i] = (sorted[i + 1] as number) - (sorted[i] as number);
  intervals.sort();
  const median = intervals[intervals.length >> 1] ?? DEFAULT_FRAME_US;
  return Math.min(Math.max(median, 1), MAX_FRAME_US);
}
