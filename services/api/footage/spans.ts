import { GAP_US } from "../../../shared/minute/gap.ts";

/** A stretch of unbroken recording, µs since the Unix epoch. */
export interface Span {
  startUs: number;
  endUs: number;
}

/** The spans by time; spans that overlap or lie less than a second apart become one. Pure. */
export function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const { startUs, endUs } of [...spans].sort((a, b) => a.startUs - b.startUs)) {
    const last = joined.at(-1);
    if (last !== undefined && startUs - last.endUs < GAP_US) last.endUs = Math.max(last.endUs, endUs);
    else joined.push({ startUs, endUs });
  }
  return joined;
}

/** The gaps between the spans that `joinSpans` returned. */
export function gapsBetween(joined: readonly Span[]): Span[] {
  return joined.slice(1).map(({ startUs }, i) => ({ startUs: (joined[i] as Span).endUs, endUs: startUs }));
}
