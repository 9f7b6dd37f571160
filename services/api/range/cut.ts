import type { CaptureRecord, CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import { TICKS_PER_US } from "../../../shared/mp4/sample-times.ts";
import type { SampleTable } from "../../../shared/mp4/track.ts";

/** The samples of a minute's video, and their times. */
export interface MinuteSamples extends SampleTable {
  record: CaptureRecord;
  /** Where they lie in their file, if they stand there in their order with nothing between them. */
  contiguousOffsets?: Float64Array;
}

/** Samples of one span that go into a range, in decode order, the first of them a keyframe. */
export interface Cut {
  /** The first sample and the one behind the last, counted in the minute. */
  from: number;
  to: number;
  sizes: Uint32Array;
  /** Where the samples lie, if with nothing between them. */
  offsets?: Float64Array;
  /** In ticks on the minute's time line. */
  dts: Uint32Array;
  ptsOffsets?: Int32Array;
  /** Counted from `from`. */
  keyframes: Uint32Array;
  /** The earliest presentation time among the samples: in ticks on the minute's line, and the capture time that it is. */
  firstTicks: number;
  firstUs: number;
  /** Capture time of the first picture that is wanted; those before it are there because it needs them. */
  shownUs: number;
  /** Where the last picture that is wanted ends. */
  endUs: number;
  /** Whether there are pictures behind `endUs`, which those before it need. */
  hasMore: boolean;
  span: CaptureSpan;
}

/**
 * Cuts out of a minute what is shown from `startUs` (the picture on show then is the first) to `endUs` (the last begins
 * before it), a cut for each span that has anything of it. All times are those of the minute's time line, exact to a tick,
 * so that a minute gives the same cuts as chunk and as mp4, and as long as it grows, for what lies before its end. Pure.
 */
export function cutMinute(minute: MinuteSamples, startUs: number, endUs: number): Cut[] {
  const cuts: Cut[] = [];
  let base = 0;
  for (const span of minute.record.spans) {
    const cut = cutSpan(minute, span, base, startUs, endUs);
    if (cut !== undefined) cuts.push(cut);
    base += span.sampleCount;
  }
  return cuts;
}

function cutSpan(minute: MinuteSamples, span: CaptureSpan, base: number, startUs: number, endUs: number) {
  if (span.sampleCount === 0 || span.endUs <= startUs || span.firstCaptureTimeUs >= endUs) return undefined;
  const limit = base + span.sampleCount;
  const spanTicks = leastPresentation(minute, base, limit);
  const timeOf = (ticks: number) => Math.round(span.firstCaptureTimeUs + (ticks - spanTicks) / TICKS_PER_US);
  const times = { shownUs: span.firstCaptureTimeUs, endUs: span.endUs };
  let from = base;
  let to = limit;
  let hasMore = false;
  if (startUs > span.firstCaptureTimeUs) {
    for (let i = base; i < limit; i++) {
      const timeUs = timeOf(presentation(minute, i));
      if (timeUs <= startUs && timeUs > times.shownUs) times.shownUs = timeUs;
    }
    from = base;
    for (const i of minute.keyframes) {
      if (i >= base && i < limit && timeOf(presentation(minute, i)) <= times.shownUs) from = i;
    }
  }
  if (endUs < span.endUs) {
    to = from;
    for (let i = base; i < limit; i++) {
      const timeUs = timeOf(presentation(minute, i));
      if (timeUs < endUs) to = Math.max(to, i + 1);
      else if (timeUs < times.endUs) times.endUs = timeUs;
    }
    for (let i = from; i < to; i++) hasMore ||= timeOf(presentation(minute, i)) >= endUs;
  }
  const firstTicks = from === base ? spanTicks : leastPresentation(minute, from, to);
  const keyframes = keyframesIn(minute.keyframes, from, to);
  const decode = decodeTimes(minute, keyframes, from, to);
  return {
    from,
    to,
    sizes: minute.sizes.subarray(from, to),
    ...(minute.contiguousOffsets && { offsets: minute.contiguousOffsets.subarray(from, to) }),
    ...decode,
    keyframes,
    firstTicks,
    firstUs: timeOf(firstTicks),
    ...times,
    hasMore,
    span,
  };
}

/**
 * Decode times are the sorted presentation times of each GOP, of those samples that are there. They are made anew, since
 * those of a minute depend on how it ends (`settleTail`), which is not known while it grows.
 */
function decodeTimes(
  minute: MinuteSamples,
  keyframes: Uint32Array,
  from: number,
  to: number,
): Pick<Cut, "dts" | "ptsOffsets"> {
  const dts = minute.dts.subarray(from, to);
  if (minute.ptsOffsets === undefined) return { dts };
  const shown = dts.map((ticks, i) => ticks + (minute.ptsOffsets?.[from + i] as number));
  const sorted = shown.slice();
  let start = 0;
  for (const next of [...keyframes, sorted.length]) {
    sorted.subarray(start, next).sort();
    start = next;
  }
  return { dts: sorted, ptsOffsets: Int32Array.from(shown, (ticks, i) => ticks - (sorted[i] as number)) };
}

/** Those among the samples `from` up to, not including, `to`; counted from `from`. */
function keyframesIn(keyframes: Uint32Array, from: number, to: number): Uint32Array {
  let first = 0;
  while (first < keyframes.length && (keyframes[first] as number) < from) first++;
  let end = first;
  while (end < keyframes.length && (keyframes[end] as number) < to) end++;
  const found = keyframes.slice(first, end);
  for (let i = 0; i < found.length; i++) found[i] = (found[i] as number) - from;
  return found;
}

function presentation(minute: MinuteSamples, i: number): number {
  return (minute.dts[i] as number) + (minute.ptsOffsets?.[i] ?? 0);
}

function leastPresentation(minute: MinuteSamples, from: number, to: number): number {
  if (minute.ptsOffsets === undefined) return minute.dts[from] as number;
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) least = Math.min(least, presentation(minute, i));
  return least;
}
