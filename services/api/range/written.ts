import { TICKS_PER_US } from "../../../shared/mp4/sample-times.ts";
import type { MinuteSamples } from "./cut.ts";

/** Reordering shows within this many pictures: H.264 reorders at most its decoded picture buffer, 16 (H.264 §A.3.1). */
const REORDER_LIMIT = 16;

/**
 * The time up to which a minute that is still being written is final, µs since the Unix epoch: all pictures shown
 * before it are there, with known durations. It is the beginning of the newest picture or, if pictures are reordered
 * or may be, of the newest keyframe. Undefined without pictures.
 */
export function writtenUntil(minute: MinuteSamples): number | undefined {
  const span = minute.record.spans.at(-1);
  const first = minute.sizes.length - (span?.sampleCount ?? 0);
  if (span === undefined || span.sampleCount === 0) return undefined;
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (let i = first; i < minute.sizes.length; i++) {
    const ticks = (minute.dts[i] as number) + (minute.ptsOffsets?.[i] ?? 0);
    least = Math.min(least, ticks);
    greatest = Math.max(greatest, ticks);
  }
  const mayReorder = minute.ptsOffsets !== undefined || span.sampleCount <= REORDER_LIMIT;
  const keyframe = minute.keyframes.at(-1) ?? 0;
  const safe =
    mayReorder && keyframe >= first
      ? (minute.dts[keyframe] as number) + (minute.ptsOffsets?.[keyframe] ?? 0)
      : greatest;
  return Math.round(span.firstCaptureTimeUs + (safe - least) / TICKS_PER_US);
}
