import type { CaptureSpan } from "./capture-record.ts";

/**
 * Ticks per second of every track that we write; the same for all, so that ranges can join minutes without rounding
 * again.
 */
export const TIMESCALE = 90_000;
export const TICKS_PER_US = TIMESCALE / 1_000_000;

/** When samples are decoded and shown, in ticks from the start of the file; in decode order. */
export interface SampleTimes {
  /** 32 bits are enough for 13 hours. */
  dts: Uint32Array;
  /** Presentation minus decode time; absent when all are 0. */
  ptsOffsets?: Int32Array;
  /** Where the last sample ends. */
  durationTicks: number;
}

/** The times of a file do not fit 32 bits of ticks, 13 hours. */
export class TimesTooFarApartError extends Error {
  override name = "TimesTooFarApartError";
}

/**
 * Lays out the samples of a minute on one time line. Presentation times are capture times, exact to a tick (11 µs),
 * from the first one; decode times are the sorted presentation times of each GOP, so that both begin at 0 and no edit
 * list is needed. A gap between spans is kept as the duration of the sample before it (several edits do not play, see
 * docs/mp4.md). A span whose times repeat, because the clock was stepped back, begins where the one before it ends.
 *
 * `captureTimesUs` and `keyframes` (1 where a GOP begins) are in decode order, and `sampleCount` of the spans divides
 * them. Throws TimesTooFarApartError.
 */
export function layOutTimes(
  spans: readonly CaptureSpan[],
  captureTimesUs: Float64Array,
  keyframes: Uint8Array,
): SampleTimes {
  const dts = new Uint32Array(captureTimesUs.length);
  const ptsOffsets = new Int32Array(captureTimesUs.length);
  let originUs = 0; // the capture time at tick 0, for the current span
  let endTicks = 0;
  let last = -1;
  let start = 0;
  for (const [index, span] of spans.entries()) {
    const end = start + span.sampleCount;
    if (index === 0) originUs = span.firstCaptureTimeUs;
    const firstTicks = Math.round((span.firstCaptureTimeUs - originUs) * TICKS_PER_US);
    if (firstTicks <= last) originUs = span.firstCaptureTimeUs - endTicks / TICKS_PER_US;
    for (let from = start; from < end; ) {
      let to = from + 1;
      while (to < end && keyframes[to] !== 1) to++;
      last = layOutGop(captureTimesUs, from, to, originUs, last, dts, ptsOffsets);
      from = to;
    }
    endTicks = Math.max(last + 1, Math.round((span.endUs - originUs) * TICKS_PER_US));
    start = end;
  }
  if (endTicks > 0xffff_ffff) throw new TimesTooFarApartError("more than 13 hours between the first and last picture");
  settleTail(dts, ptsOffsets);
  return { dts, ...(ptsOffsets.some((offset) => offset !== 0) ? { ptsOffsets } : {}), durationTicks: endTicks };
}

/** Lays out one GOP and returns its last time. No two samples get the same time: equal ones are put a tick apart. */
function layOutGop(
  captureTimesUs: Float64Array,
  from: number,
  to: number,
  originUs: number,
  previous: number,
  dts: Uint32Array,
  ptsOffsets: Int32Array,
): number {
  let last = previous;
  let isSorted = true;
  for (let i = from; i < to; i++) {
    if (i > from && (captureTimesUs[i] as number) < (captureTimesUs[i - 1] as number)) isSorted = false;
    const ticks = Math.round(((captureTimesUs[i] as number) - originUs) * TICKS_PER_US);
    dts[i] = last = Math.max(last + 1, ticks);
  }
  if (isSorted) return last;
  last = previous;
  const inOrder = Array.from({ length: to - from }, (_, i) => from + i);
  inOrder.sort((a, b) => (captureTimesUs[a] as number) - (captureTimesUs[b] as number) || a - b);
  const pts = new Array<number>(to - from);
  for (const [rank, sample] of inOrder.entries()) {
    const ticks = Math.round(((captureTimesUs[sample] as number) - originUs) * TICKS_PER_US);
    last = Math.max(last + 1, ticks);
    pts[sample - from] = last;
    dts[from + rank] = last;
  }
  for (let i = from; i < to; i++) ptsOffsets[i] = (pts[i - from] as number) - (dts[i] as number);
  return last;
}

/**
 * The last entries of `ctts` that ffmpeg leaves out when it looks for the most negative offset, by which it shifts
 * decode times.
 */
export const UNREAD_SAMPLES = 3;

/**
 * A recording that ends between B-frames may have more negative offsets at its end than anywhere before, because
 * pictures are missing there. Moves these decode times forward until no offset is more negative, so that readers that
 * ignore the last entries get the right times.
 */
function settleTail(dts: Uint32Array, ptsOffsets: Int32Array): void {
  let least = 0;
  for (const offset of ptsOffsets.subarray(0, -UNREAD_SAMPLES)) least = Math.min(least, offset);
  let limit = Number.POSITIVE_INFINITY;
  for (let i = dts.length - 1; i > 0; i--) {
    const decode = dts[i] as number;
    if (i < dts.length - UNREAD_SAMPLES && decode <= limit) return;
    const pts = decode + (ptsOffsets[i] as number);
    const settled = Math.max(i, Math.min(decode, limit, pts - least));
    dts[i] = settled;
    ptsOffsets[i] = pts - settled;
    limit = settled - 1;
  }
}

/**
 * The capture times, in µs since the Unix epoch, of samples that were laid out with `spans`: exact for the first
 * picture of each span, otherwise to a tick.
 */
export function captureTimesOf(spans: readonly CaptureSpan[], times: SampleTimes): Float64Array {
  const captureTimesUs = new Float64Array(times.dts.length);
  let start = 0;
  for (const span of spans) {
    const end = Math.min(start + span.sampleCount, captureTimesUs.length);
    const firstTicks = firstPresentation(times, start, end);
    for (let i = start; i < end; i++) {
      const ticks = (times.dts[i] as number) + (times.ptsOffsets?.[i] ?? 0);
      captureTimesUs[i] = Math.round(span.firstCaptureTimeUs + (ticks - firstTicks) / TICKS_PER_US);
    }
    start = end;
  }
  return captureTimesUs;
}

function firstPresentation(times: SampleTimes, start: number, end: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (let i = start; i < end; i++) first = Math.min(first, (times.dts[i] as number) + (times.ptsOffsets?.[i] ?? 0));
  return first;
}
