import type { CaptureSpan } from "../mp4/capture-record.ts";
import { type Line, linesOf, mayOverlap } from "./lines.ts";
import { frameDurationUs, type Piece, type Recording } from "./recording.ts";
import { spansOf } from "./spans.ts";
import { chooseAmong } from "./switching.ts";

/** A minute made of recordings: what is shown, in this order. */
export interface Assembly {
  pieces: Piece[];
  spans: CaptureSpan[];
  /** By recording: access units that are not shown although nothing shown stands for them. 0 for nearly always. */
  unplaced: number[];
}

/**
 * Puts the recordings of a minute in order. Where two recorders held the camera at once (docs/design/chunk-origin.md),
 * frames are taken from one at a time, changing at keyframes, so that no moment is shown twice and none is missing that
 * either has. After a step of the wall clock both sides are kept, in the order in which they happened. Recordings are to
 * be given in the order of their parts. Pure.
 */
export function assemble(recordings: readonly Recording[]): Assembly {
  const orphans: Piece[] = [];
  const groups = groupOverlapping(linesOf(recordings, orphans));
  const pieces: Piece[] = [];
  const unplaced = recordings.map(() => 0);
  const note = (recording: number, count: number) => {
    unplaced[recording] = (unplaced[recording] as number) + count;
  };
  for (const { recording, from, to } of orphans) note(recording, to - from);
  for (const lines of groups) {
    const chosen =
      lines.length === 1 ? (lines[0] as Line).gops.flatMap((gop) => gop.pieces) : chooseAmong(recordings, lines);
    for (const piece of chosen) append(pieces, piece);
    if (lines.length > 1) noteUncovered(recordings, lines, chosen, note);
  }
  return { pieces, spans: spansOf(recordings, pieces), unplaced };
}

/** Groups of lines that recorded the same moments; a line that overlaps nothing is a group of its own. */
function groupOverlapping(lines: readonly Line[]): Line[][] {
  let groups: Line[][] = [];
  for (const line of lines) {
    const isMet = (group: Line[]) =>
      group.every((other) => other.recorder === line.recorder || mayOverlap(line, other)) &&
      group.some((other) => mayOverlap(line, other) && line.startUs < other.endUs && other.startUs < line.endUs);
    const met = groups.filter(isMet);
    const home = met[0];
    if (home === undefined) {
      groups.push([line]);
      continue;
    }
    home.push(line);
    for (const group of met.slice(1)) {
      if (!group.every((a) => home.every((b) => a.recorder === b.recorder || mayOverlap(a, b)))) continue;
      home.push(...group);
      groups = groups.filter((other) => other !== group);
    }
  }
  return groups;
}

function append(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  if (last?.recording === piece.recording && last.to === piece.from) last.to = piece.to;
  else pieces.push({ ...piece });
}

/** Counts the access units left out that have no picture shown within one picture's duration of theirs. */
function noteUncovered(
  recordings: readonly Recording[],
  lines: readonly Line[],
  chosen: readonly Piece[],
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
  for (const piece of lines.flatMap((line) => line.gops.flatMap((gop) => gop.pieces))) {
    const { captureTimesUs } = recordings[piece.recording] as Recording;
    for (let i = piece.from; i < piece.to; i++) {
      if (shown.get(piece.recording)?.[i] === 1) continue;
      if (distanceToNearest(sortedUs, captureTimesUs[i] as number) > frameUs) note(piece.recording, 1);
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
