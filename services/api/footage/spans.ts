import { GAP_US } from "../../../shared/minute/gap.ts";

/** A stretch of unbroken recording, µs since the Unix epoch. */
export interface Span {
  startUs: number;
  endUs: number;
}

/** Spans in the order of time; what overlaps, or lies less than a second apart, is one. Pure. */
export function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const { startUs, endUs } of [...spans].sort((a, b) => a.startUs - b.startUs)) {
    const last = joined.at(-1);
    if (last !== undefined && startUs - last.endUs < GAP_US) last.endUs = Math.max(last.endUs, endUs);
    else joined.push({ startUs, endUs });
  }
  return joined;
}

/** What lies between spans that are joined. */
export function gapsBetween(joined: readonly Span[]): Span[] {
  return joined.slice(1).map(({ startUs }, i) => ({ startUs: (joined[i] as Span).endUs, endUs: startUs }));
}
