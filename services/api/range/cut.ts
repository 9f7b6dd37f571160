import type { CaptureRecord, CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import { TICKS_PER_US } from "../../../shared/mp4/sample-times.ts";
import type { SampleTable } from "../../../shared/mp4/track.ts";

/** The samples of a minute's video, and their times. */
export interface MinuteSamples extends SampleTable {
  record: CaptureRecord;
  /** Their offsets in the file; absent unless they are stored in this order without gaps. */
  contiguousOffsets?: Float64Array;
}

/** The samples of one span that belong to a range, in decode order; the first is a keyframe. */
export interface Cut {
  /** The first sample and the one after the last, counted within the minute. */
  from: number;
  to: number;
  sizes: Uint32Array;
  /** The offsets of the samples; absent unless they are stored without gaps. */
  offsets?: Float64Array;
  /** In ticks on the minute's time line. */
  dts: Uint32Array;
  ptsOffsets?: Int32Array;
  /** Counted from `from`. */
  keyframes: Uint32Array;
  /** The earliest presentation time of the samples: in ticks on the minute's time line, and as capture time. */
  firstTicks: number;
  firstUs: number;
  /** Capture time of the first wanted picture; earlier ones are included only to decode it. */
  shownUs: number;
  /** When the last wanted picture ends. */
  endUs: number;
  /** Whether pictures after `endUs` are included, to decode those before it. */
  hasMore: boolean;
  span: CaptureSpan;
}

/**
 * Cuts the time from `startUs` (the picture shown then is the first) to `endUs` (the last picture begins before it)
 * out of a minute; returns a cut for each span that overlaps it. All times are those of the minute's time line, exact
 * to a tick: so a minute gives the same cuts as chunk and as mp4, and while it grows, those before its end do not
 * change. Pure.
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
 * The decode times: the sorted presentation times of each GOP's samples in the cut. The minute's own cannot be used,
 * since they depend on its end (`settleTail`), which is unknown while it grows.
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

/** The keyframes among the samples from `from` to `to` (exclusive), counted from `from`. */
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
