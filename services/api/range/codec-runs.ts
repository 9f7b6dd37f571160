import { videoCodecOfSampleEntry } from "../../../shared/codec/video-codecs.ts";
import type { CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import { formatInstant } from "../footage/instant.ts";
import { Problem } from "../http/problem.ts";
import type { RangeRequest } from "./range-request.ts";

interface Run {
  codec: string;
  startUs: number;
  endUs: number;
}

/** Records which parts of a range have which codec; minutes may come in any order, since several are read at once. */
export class CodecRuns {
  readonly #request: RangeRequest;
  readonly #spans: Run[] = [];

  constructor(request: RangeRequest) {
    this.#request = request;
  }

  /** Adds a minute's spans; `codec` is the type of the sample entry, supported or not. */
  add(codec: string, spans: readonly CaptureSpan[]): void {
    for (const { firstCaptureTimeUs, endUs } of spans) {
      const start = Math.max(firstCaptureTimeUs, this.#request.startUs);
      const end = Math.min(endUs, this.#request.endUs);
      if (start < end) this.#spans.push({ codec, startUs: start, endUs: end });
    }
  }

  /** 409 if the range cannot be one track, listing the ranges that can. */
  problem(): Problem | undefined {
    const [first] = this.#spans;
    const isOne = this.#spans.every(({ codec }) => codec === first?.codec);
    if (first === undefined || (isOne && videoCodecOfSampleEntry(first.codec) !== undefined)) return undefined;
    const ranges = joined(this.#spans).map(({ codec, startUs, endUs }) => ({
      codec,
      start: formatInstant(startUs),
      end: formatInstant(endUs),
    }));
    if (ranges.length === 1) {
      const detail = `This range is of the codec ${ranges[0]?.codec}, which cannot be joined; ask for its minutes.`;
      return new Problem("codec-change", 409, detail, {}, { ranges });
    }
    const list = ranges.map(({ codec, start, end }) => `${start} to ${end} (${codec})`).join(", ");
    const detail = `The camera's codec changes within this range, which no player can play; ask for ${list}.`;
    return new Problem("codec-change", 409, detail, {}, { ranges });
  }
}

/** The spans by time; neighbours of the same codec become one. */
function joined(spans: readonly Run[]): Run[] {
  const runs: Run[] = [];
  for (const span of [...spans].sort((a, b) => a.startUs - b.startUs)) {
    const last = runs.at(-1);
    if (last?.codec === span.codec) last.endUs = Math.max(last.endUs, span.endUs);
    else runs.push({ ...span });
  }
  return runs;
}
