import type { CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import type { ReadMovie } from "../../../shared/mp4/movie-reader.ts";
import type { Movie } from "../../../shared/mp4/movie-writer.ts";
import { TIMESCALE } from "../../../shared/mp4/sample-times.ts";

const TICKS_PER_US = TIMESCALE / 1_000_000;
/** Spans that lie no further apart than this go on without a gap. */
const SEAM_US = 1000;

/**
 * One movie of the samples of several minutes, in their order. Gaps between spans are skipped: the first picture behind
 * a gap is shown when the last one before it ends. Times within a stretch stay exact to a tick, however long it is, since
 * each is laid out from the start of the stretch and none is added up. The record keeps every span's true times.
 */
export function joinMinutes(minutes: readonly ReadMovie[]): Movie {
  const [first] = minutes;
  if (first === undefined) throw new RangeError("no minutes to join");
  const total = minutes.reduce((sum, minute) => sum + minute.sizes.length, 0);
  const sizes = new Uint32Array(total);
  const dts = new Float64Array(total);
  const hasOffsets = minutes.some((minute) => minute.ptsOffsets !== undefined);
  const ptsOffsets = hasOffsets ? new Int32Array(total) : undefined;
  const keyframes: number[] = [];
  const line = new TimeLine();
  let at = 0;
  for (const minute of minutes) {
    sizes.set(minute.sizes, at);
    if (minute.ptsOffsets !== undefined) ptsOffsets?.set(minute.ptsOffsets, at);
    for (const index of minute.keyframes) keyframes.push(at + index);
    let sample = 0;
    for (const span of minute.record.spans) {
      const startTicks = line.begin(span);
      const end = sample + span.sampleCount;
      const spanTicks = leastPresentation(minute, sample, end);
      for (; sample < end; sample++) {
        dts[at + sample] = line.place(startTicks + (minute.dts[sample] as number) - spanTicks);
      }
    }
    at += sample;
  }
  return {
    avcC: first.avcC,
    codec: first.codec,
    width: first.width,
    height: first.height,
    sizes,
    dts,
    ...(ptsOffsets === undefined ? {} : { ptsOffsets }),
    durationTicks: line.end(),
    keyframes: Uint32Array.from(keyframes),
    record: { spans: line.spans, chunks: [] },
  };
}

/** Places spans one behind the other. */
class TimeLine {
  /** What was placed, spans that go on without a gap as one. */
  readonly spans: CaptureSpan[] = [];
  /** The capture time that lies at tick 0 of the stretch at hand. */
  #zeroUs = 0;
  #endUs: number | undefined;
  #last = -1;

  /** Begins a span; returns the tick at which its first picture is shown. */
  begin(span: CaptureSpan): number {
    if (this.#endUs === undefined) this.#zeroUs = span.firstCaptureTimeUs;
    const gapUs = span.firstCaptureTimeUs - (this.#endUs ?? span.firstCaptureTimeUs);
    const previous = this.spans.at(-1);
    if (previous !== undefined && Math.abs(gapUs) <= SEAM_US) {
      previous.sampleCount += span.sampleCount;
      previous.endUs = span.endUs;
    } else {
      this.#zeroUs += gapUs;
      this.spans.push({ ...span });
    }
    this.#endUs = span.endUs;
    return Math.round((span.firstCaptureTimeUs - this.#zeroUs) * TICKS_PER_US);
  }

  /** A decode time, moved where two would be the same. */
  place(ticks: number): number {
    this.#last = Math.max(this.#last + 1, ticks);
    return this.#last;
  }

  /** The tick at which the last picture ends. */
  end(): number {
    return Math.max(this.#last + 1, Math.round(((this.#endUs ?? 0) - this.#zeroUs) * TICKS_PER_US));
  }
}

function leastPresentation(minute: ReadMovie, from: number, to: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) least = Math.min(least, (minute.dts[i] as number) + (minute.ptsOffsets?.[i] ?? 0));
  return least;
}
