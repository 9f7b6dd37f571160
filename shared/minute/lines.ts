import { frameDurationUs, type Piece, type Recording } from "./recording.ts";

/** A keyframe and what follows up to the next; in several pieces when it went on in a further part of the minute. */
export interface Gop {
  pieces: Piece[];
  /** Capture time of the keyframe; raised where needed, so that those of a line ascend. */
  startUs: number;
}

/**
 * What one recorder process recorded under one wall clock: its parts never overlap, whatever their times say (after a
 * reconnection the clock is anchored anew, and may be some milliseconds behind where it was).
 */
export interface Line {
  gops: Gop[];
  recorder: string | undefined;
  boot: string | undefined;
  /** The wall clock that the line was written under; of its last recording. */
  clockOffsetUs: number;
  startUs: number;
  endUs: number;
  frameUs: number;
}

/** Two wall clocks further apart than this are different ones: between them the clock was stepped. */
const SAME_CLOCK_US = 1_000_000;

/**
 * Sorts recordings into lines, in the order in which they happened: by the monotonic clock within a boot, and by capture
 * time between boots. `orphans` receives what comes before any keyframe and continues nothing that is there.
 */
export function linesOf(recordings: readonly Recording[], orphans: Piece[]): Line[] {
  const byBoot = new Map<string, number[]>();
  for (const [index, { origin, captureTimesUs }] of recordings.entries()) {
    if (captureTimesUs.length === 0) continue;
    const boot = origin?.boot ?? `none:${index}`;
    byBoot.set(boot, [...(byBoot.get(boot) ?? []), index]);
  }
  const start = (index: number) => startOf(recordings[index] as Recording);
  const monotonic = (index: number) => start(index) - (recordings[index]?.origin?.clockOffsetUs ?? 0);
  const boots = [...byBoot.values()].map((indices) => indices.sort((a, b) => monotonic(a) - monotonic(b)));
  const lines: Line[] = [];
  const isFirstOf = (indices: number[]) => start(indices[0] as number);
  for (let left = boots; left.length > 0; left = left.filter((indices) => indices.length > 0)) {
    const earliest = left.reduce((best, indices) => (isFirstOf(indices) < isFirstOf(best) ? indices : best));
    const index = earliest.shift() as number;
    const recording = recordings[index] as Recording;
    const line = lines.findLast((candidate) => continues(recording, candidate)) ?? newLine(recording, lines);
    extendLine(line, recordings, index, orphans);
  }
  return lines.filter((line) => line.gops.length > 0);
}

/** Whether two lines may have recorded the same moments: by two recorders, under one wall clock. */
export function mayOverlap(a: Line, b: Line): boolean {
  if (a.boot === undefined || b.boot === undefined || a.recorder === b.recorder) return false;
  return a.boot !== b.boot || Math.abs(a.clockOffsetUs - b.clockOffsetUs) <= SAME_CLOCK_US;
}

function startOf({ captureTimesUs }: Recording): number {
  return captureTimesUs[0] as number;
}

function continues({ origin }: Recording, line: Line): boolean {
  if (origin === undefined || origin.recorder !== line.recorder || origin.boot !== line.boot) return false;
  return Math.abs(origin.clockOffsetUs - line.clockOffsetUs) <= SAME_CLOCK_US;
}

function newLine(recording: Recording, lines: Line[]): Line {
  const { origin, captureTimesUs } = recording;
  const line: Line = {
    gops: [],
    recorder: origin?.recorder,
    boot: origin?.boot,
    clockOffsetUs: origin?.clockOffsetUs ?? 0,
    startUs: startOf(recording),
    endUs: recording.endUs,
    frameUs: frameDurationUs(captureTimesUs),
  };
  lines.push(line);
  return line;
}

function extendLine(line: Line, recordings: readonly Recording[], index: number, orphans: Piece[]): void {
  const recording = recordings[index] as Recording;
  const { captureTimesUs, keyframes, origin } = recording;
  const firstKeyframe = keyframes.indexOf(1);
  const headless = firstKeyframe === -1 ? captureTimesUs.length : firstKeyframe;
  if (headless > 0) {
    const piece = { recording: index, from: 0, to: headless };
    const before = line.gops.at(-1);
    const session = recordings[before?.pieces.at(-1)?.recording ?? -1]?.origin?.session;
    if (before !== undefined && session !== undefined && session === origin?.session) before.pieces.push(piece);
    else orphans.push(piece);
  }
  for (let from = headless; from < captureTimesUs.length; ) {
    const next = keyframes.indexOf(1, from + 1);
    const to = next === -1 ? captureTimesUs.length : next;
    const earliestUs = (line.gops.at(-1)?.startUs ?? Number.NEGATIVE_INFINITY) + 1;
    line.gops.push({
      pieces: [{ recording: index, from, to }],
      startUs: Math.max(earliestUs, captureTimesUs[from] as number),
    });
    from = to;
  }
  line.clockOffsetUs = origin?.clockOffsetUs ?? 0;
  line.endUs = Math.max(line.endUs, recording.endUs);
}
