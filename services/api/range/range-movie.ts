import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { movieHeadParts } from "../../../shared/mp4/movie-writer.ts";
import { SampleTables } from "../../../shared/mp4/sample-tables.ts";
import { TICKS_PER_US, TIMESCALE } from "../../../shared/mp4/sample-times.ts";
import type { Cut } from "./cut.ts";
import { TimeLine } from "./time-line.ts";
import type { TimeSlice } from "./time-slice.ts";

interface PlacedCut {
  cut: Cut;
  /** The presentation time of its earliest picture, in ticks. */
  startTicks: number;
}

/**
 * The index of one movie made of many cuts. Gaps are skipped, or kept by a longer duration of the sample before them.
 * One edit hides the pictures before the first wanted one and after the last wanted one. Pure.
 */
export class RangeMovie {
  readonly #tables = new SampleTables();
  readonly #line: TimeLine;
  #first: Cut | undefined;
  /** The last cut: the duration of its last sample is known only when the next cut comes. */
  #pending: PlacedCut | undefined;

  constructor(gaps: "skip" | "keep") {
    this.#line = new TimeLine(gaps);
  }

  get sampleCount(): number {
    return this.#tables.sampleCount + (this.#pending?.cut.sizes.length ?? 0);
  }

  add(cut: Cut): void {
    const lastTicks = this.#pending === undefined ? -1 : lastDecode(this.#pending);
    const startTicks = this.#line.place(cut, lastTicks + 1);
    if (this.#pending !== undefined) this.#tables.add(this.#pending.cut, startTicks - lastTicks);
    this.#first ??= cut;
    this.#pending = { cut, startTicks };
  }

  /**
   * All that precedes the first sample's bytes, in parts, and the number of bytes of samples. Must be the last call.
   */
  async finish(
    configuration: VideoConfiguration,
    slice: TimeSlice,
  ): Promise<{ head: Buffer[]; mediaBytes: number; endUs: number }> {
    const [first, last] = [this.#first, this.#pending];
    if (first === undefined || last === undefined) throw new RangeError("a range without samples");
    const lastTicks = lastDecode(last);
    const shownEnd = last.startTicks + Math.round((last.cut.endUs - last.cut.firstUs) * TICKS_PER_US);
    const duration = Math.max(lastTicks + 1, shownEnd);
    this.#tables.add(last.cut, duration - lastTicks);
    const delay = await this.#tables.delay(slice);
    const start = Math.round((first.shownUs - first.firstUs) * TICKS_PER_US);
    const isCut = start > 0 || last.cut.hasMore;
    const edit = { start: start + delay, duration: shownEnd - start };
    const shown = { firstUs: first.shownUs, endUs: last.cut.endUs };
    const video = {
      description: { kind: "video", configuration } as const,
      timescale: TIMESCALE,
      duration,
      ...(isCut || delay > 0 ? { edit } : {}),
      tables: this.#tables,
    };
    const record = { spans: this.#line.spans, chunks: [], ...(isCut ? { shown } : {}) };
    const head = movieHeadParts({ record, createdUs: first.shownUs, tracks: [video] });
    return { head, mediaBytes: this.#tables.mediaBytes, endUs: last.cut.endUs };
  }
}

function lastDecode({ cut, startTicks }: PlacedCut): number {
  return startTicks + (cut.dts.at(-1) as number) - cut.firstTicks;
}
