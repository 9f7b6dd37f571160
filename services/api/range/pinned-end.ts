import type { FoundMinutes, MinutePlace } from "../../../shared/catalog/find-minutes.ts";
import type { RangeRequest } from "./range-request.ts";

/**
 * The time at which the end of a range must be pinned, µs since the Unix epoch, if it lies past what is written of the
 * camera; otherwise undefined. A range by names ends with its last minute, so it lies past that while this minute is a
 * chunk or in the future.
 */
export async function pinnedEnd(
  { names, endUs }: RangeRequest,
  { minutes, reachesNewest }: FoundMinutes,
  writtenUntil: (place: MinutePlace) => Promise<number | undefined>,
): Promise<number | undefined> {
  if (!reachesNewest) return undefined;
  for (const places of minutes.toReversed()) {
    const written: number[] = [];
    for (const place of places) {
      const untilUs = await writtenUntil(place);
      if (untilUs !== undefined) written.push(untilUs);
    }
    if (written.length === 0) continue;
    const newestUs = Math.max(...written);
    const isWhole = places.every(({ minute, parts }) => parts.length === 0 && minute === names?.to);
    return endUs > newestUs && !(endUs === Number.POSITIVE_INFINITY && isWhole) ? newestUs : undefined;
  }
  return undefined;
}
