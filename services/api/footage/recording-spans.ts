import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { indexOf } from "../../../shared/catalog/day-index.ts";
import { findMinutes } from "../../../shared/catalog/find-minutes.ts";
import { dayOf } from "../../../shared/time/minute.ts";
import type { MinuteFactsReader } from "./minute-facts.ts";
import { joinSpans, type Span } from "./spans.ts";

/**
 * When a camera was recorded between two times (µs since the Unix epoch), by capture times. Spans continue from minute
 * to minute, include the minutes that are still being written, and are cut to the requested times. Throws the errors
 * of readdir(3), open(2), read(2).
 */
export async function recordingSpans(
  catalog: Catalog,
  facts: MinuteFactsReader,
  camera: string,
  { startUs, endUs }: Span,
): Promise<Span[]> {
  const { minutes } = await findMinutes(catalog, { camera, startUs, endUs });
  const placesOfDays = new Map<string, { directory: string; place: number }[]>();
  for (const { directory, minute } of minutes.flat()) {
    const places = placesOfDays.get(dayOf(minute)) ?? [];
    places.push({ directory, place: indexOf(minute) });
    placesOfDays.set(dayOf(minute), places);
  }
  const spans: Span[] = [];
  for (const [day, places] of placesOfDays) {
    for (const index of await catalog.day(camera, day)) {
      const here = places.filter(({ directory }) => directory === index.directory).map(({ place }) => place);
      for (const minute of (await facts.of(index, here)).values()) spans.push(...minute.spans);
    }
  }
  return joinSpans(spans)
    .filter((span) => span.startUs < endUs && span.endUs > startUs)
    .map((span) => ({ startUs: Math.max(span.startUs, startUs), endUs: Math.min(span.endUs, endUs) }));
}
