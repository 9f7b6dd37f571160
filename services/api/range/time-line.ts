import type { CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import { TICKS_PER_US } from "../../../shared/mp4/sample-times.ts";
import type { Cut } from "./cut.ts";

/** Cuts that are no further apart than this continue without a gap. */
const SEAM_US = 1000;
/** A sample may last at most 2^31 ticks, 6.6 hours: ffmpeg takes a longer duration for a negative one. */
const LONGEST_KEPT_GAP_US = 6 * 3600 * 1e6;

/**
 * Places cuts one after the other. Times within an unbroken stretch stay exact to a tick, however long it is, since
 * each is calculated from the start of the stretch and not by adding durations.
 */
export class TimeLine {
  readonly #gaps: "skip" | "keep";
  /** The spans that were placed, with their capture times; cuts that continue without a gap are one span. */
  readonly spans: CaptureSpan[] = [];
  /** The capture time that corresponds to tick 0 for the current stretch. */
  #zeroUs = 0;
  #endUs: number | undefined;

  constructor(gaps: "skip" | "keep") {
    this.#gaps = gaps;
  }

  /** Places a cut; returns the presentation time of its earliest picture in ticks, at least `leastTicks`. */
  place(cut: Cut, leastTicks: number): number {
    const { firstUs, endUs, span } = cut;
    const gapUs = firstUs - (this.#endUs ?? firstUs);
    const previous = this.spans.at(-1);
    if (this.#endUs === undefined) this.#zeroUs = firstUs;
    else if (gapUs < -SEAM_US || (gapUs > SEAM_US && this.#gaps === "skip")) this.#zeroUs += gapUs;
    else if (gapUs > LONGEST_KEPT_GAP_US) this.#zeroUs += gapUs - LONGEST_KEPT_GAP_US;
    this.#endUs = endUs;
    const sampleCount = cut.to - cut.from;
    if (previous !== undefined && Math.abs(gapUs) <= SEAM_US) {
      previous.sampleCount += sampleCount;
      previous.endUs = endUs;
    } else {
      const { origin } = span;
      this.spans.push({ sampleCount, firstCaptureTimeUs: firstUs, endUs, ...(origin === undefined ? {} : { origin }) });
    }
    return Math.max(leastTicks, Math.round((firstUs - this.#zeroUs) * TICKS_PER_US));
  }
}
