import { TICKS_PER_US } from "../../../shared/mp4/sample-times.ts";
import type { MinuteSamples } from "./cut.ts";

/** H.264 reorders no more pictures than its decoded picture buffer holds, 16 (ITU-T H.264 §A.3.1): then it has shown. */
const REORDER_LIMIT = 16;

/**
 * Up to where nothing more can come of a minute that is still being written, µs since the Unix epoch: every picture that
 * is shown before then is there, and how long it is shown is known. That is where the newest picture begins; where pictures
 * are not decoded in the order in which they are shown, where the newest keyframe begins. Undefined without pictures.
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
