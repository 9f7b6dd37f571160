import type { CaptureSpan } from "../mp4/capture-record.ts";
import { type Line, linesOf, mayOverlap } from "./lines.ts";
import { frameDurationUs, type Recording, type RecordingRange } from "./recording.ts";
import { spansOf } from "./spans.ts";
import { chooseAmong } from "./switching.ts";

/** A minute put together from recordings: which of their access units are shown, in this order. */
export interface Assembly {
  ranges: RecordingRange[];
  spans: CaptureSpan[];
  /**
   * For each recording: the number of access units without a keyframe before them, and of those that are not shown
   * although no other picture is shown at their time. Nearly always 0.
   */
  unplaced: number[];
}

/**
 * Puts the recordings of a minute in order. Where two recorders held the camera at once (docs/design/chunk-origin.md),
 * frames are taken from one at a time, changing at keyframes, so that no moment is shown twice and none that either has
 * is missing. After a step of the wall clock both sides are kept, in the order in which they happened. The recordings
 * must be given in the order of their parts. Pure.
 */
export function assemble(recordings: readonly Recording[]): Assembly {
  const orphans: RecordingRange[] = [];
  const groups = groupOverlapping(linesOf(recordings, orphans));
  const ranges: RecordingRange[] = [];
  const unplaced = recordings.map(() => 0);
  const note = (recording: number, count: number) => {
    unplaced[recording] = (unplaced[recording] as number) + count;
  };
  for (const { recording, from, to } of orphans) note(recording, to - from);
  for (const lines of groups) {
    const chosen =
      lines.length === 1 ? (lines[0] as Line).gops.flatMap((gop) => gop.ranges) : chooseAmong(recordings, lines);
    for (const range of chosen) append(ranges, range);
    if (lines.length > 1) noteUncovered(recordings, lines, chosen, note);
  }
  return { ranges, spans: spansOf(recordings, ranges), unplaced };
}

/** Groups lines that recorded the same moments; a line that overlaps no other is a group of its own. */
function groupOverlapping(lines: readonly Line[]): Line[][] {
  let groups: Line[][] = [];
  for (const line of lines) {
    const overlaps = (group: Line[]) =>
      group.every((other) => other.recorder === line.recorder || mayOverlap(line, other)) &&
      group.some((other) => mayOverlap(line, other) && line.startUs < other.endUs && other.startUs < line.endUs);
    const overlapping = groups.filter(overlaps);
    const home = overlapping[0];
    if (home === undefined) {
      groups.push([line]);
      continue;
    }
    home.push(line);
    for (const group of overlapping.slice(1)) {
      if (!group.every((a) => home.every((b) => a.recorder === b.recorder || mayOverlap(a, b)))) continue;
      home.push(...group);
      groups = groups.filter((other) => other !== group);
    }
  }
  return groups;
}

function append(ranges: RecordingRange[], range: RecordingRange): void {
  const last = ranges.at(-1);
  if (last?.recording === range.recording && last.to === range.from) last.to = range.to;
  else ranges.push({ ...range });
}

/** Counts the access units that are not shown and have no shown picture within one picture's duration. */
function noteUncovered(
  recordings: readonly Recording[],
  lines: readonly Line[],
  chosen: readonly RecordingRange[],
  note: (recording: number, count: number) => void,
): void {
  const shown = new Map<number, Uint8Array>();
  const shownUs: number[] = [];
  for (const { recording, from, to } of chosen) {
    const { captureTimesUs } = recordings[recording] as Recording;
    const flags = shown.get(recording) ?? new Uint8Array(captureTimesUs.length);
    shown.set(recording, flags.fill(1, from, to));
    for (let i = from; i < to; i++) shownUs.push(captureTimesUs[i] as number);
  }
  const sortedUs = Float64Array.from(shownUs).sort();
  const frameUs = frameDurationUs(sortedUs);
  for (const range of lines.flatMap((line) => line.gops.flatMap((gop) => gop.ranges))) {
    const { captureTimesUs } = recordings[range.recording] as Recording;
    for (let i = range.from; i < range.to; i++) {
      if (shown.get(range.recording)?.[i] === 1) continue;
      if (distanceToNearest(sortedUs, captureTimesUs[i] as number) > frameUs) note(range.recording, 1);
    }
  }
}

function distanceToNearest(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return Math.min(
    Math.abs((sorted[low] ?? Number.POSITIVE_INFINITY) - value),
    Math.abs((sorted[low - 1] ?? Number.POSITIVE_INFINITY) - value),
  );
}
