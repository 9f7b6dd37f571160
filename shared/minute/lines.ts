import { frameDurationUs, type Recording, type RecordingRange } from "./recording.ts";

/**
 * A keyframe and the access units up to the next one; several ranges when it continues in a further part of the minute.
 */
export interface Gop {
  ranges: RecordingRange[];
  /**
   * Capture time of the keyframe, µs since the Unix epoch; raised where necessary, so that the times within a line
   * ascend.
   */
  startUs: number;
}

/**
 * What one recorder process recorded under one wall clock. Its parts never overlap, whatever their times say: after a
 * reconnection the clock is anchored again, and may be some milliseconds behind where it was.
 */
export interface Line {
  gops: Gop[];
  recorder: string | undefined;
  boot: string | undefined;
  /** `ChunkOrigin.clockOffsetUs` of the line's last recording. */
  clockOffsetUs: number;
  startUs: number;
  endUs: number;
  frameUs: number;
}

/** Two clock offsets that differ by more than this mean that the wall clock was stepped in between. */
const SAME_CLOCK_US = 1_000_000;

/**
 * Sorts recordings into lines, in the order in which they happened: by the monotonic clock within a boot, and by
 * capture time between boots. Access units before any keyframe that do not continue an earlier part are added to
 * `orphans`.
 */
export function linesOf(recordings: readonly Recording[], orphans: RecordingRange[]): Line[] {
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
  const firstStart = (indices: number[]) => start(indices[0] as number);
  for (let left = boots; left.length > 0; left = left.filter((indices) => indices.length > 0)) {
    const earliest = left.reduce((best, indices) => (firstStart(indices) < firstStart(best) ? indices : best));
    const index = earliest.shift() as number;
    const recording = recordings[index] as Recording;
    const line = lines.findLast((candidate) => continues(recording, candidate)) ?? newLine(recording, lines);
    extendLine(line, recordings, index, orphans);
  }
  return lines.filter((line) => line.gops.length > 0);
}

/** Whether two lines may have recorded the same moments: they are from two recorders, and under one wall clock. */
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

function extendLine(line: Line, recordings: readonly Recording[], index: number, orphans: RecordingRange[]): void {
  const recording = recordings[index] as Recording;
  const { captureTimesUs, keyframes, origin } = recording;
  const firstKeyframe = keyframes.indexOf(1);
  const headless = firstKeyframe === -1 ? captureTimesUs.length : firstKeyframe;
  if (headless > 0) {
    const range = { recording: index, from: 0, to: headless };
    const before = line.gops.at(-1);
    const session = recordings[before?.ranges.at(-1)?.recording ?? -1]?.origin?.session;
    if (before !== undefined && session !== undefined && session === origin?.session) before.ranges.push(range);
    else orphans.push(range);
  }
  for (let from = headless; from < captureTimesUs.length; ) {
    const next = keyframes.indexOf(1, from + 1);
    const to = next === -1 ? captureTimesUs.length : next;
    const earliestUs = (line.gops.at(-1)?.startUs ?? Number.NEGATIVE_INFINITY) + 1;
    line.gops.push({
      ranges: [{ recording: index, from, to }],
      startUs: Math.max(earliestUs, captureTimesUs[from] as number),
    });
    from = to;
  }
  line.clockOffsetUs = origin?.clockOffsetUs ?? 0;
  line.endUs = Math.max(line.endUs, recording.endUs);
}
