import { formatClock, formatSeconds, formatShortDate, zoneName } from "../time/format.ts";
import { addLocalDays, hasClockChange, startOfLocalDay, zoneOffsetMs } from "../time/local-day.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS, UTC_DAY_MS } from "../time/minute.ts";
import { type Viewport, widthMs } from "./viewport.ts";

/** A mark on the ruler, at an instant (ms since the Unix epoch). */
export interface Tick {
  timeMs: number;
  label: string;
  /** Whether it begins a local day: drawn stronger. */
  day: boolean;
}

const STEPS_MS: readonly number[] = [
  ...[1, 5, 10, 15, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
];

/**
 * The ticks of a view, at least `spacingPx` apart, at round local times. On a day on which clocks change, each hour
 * that exists has its place, and the labels of hours include the zone.
 */
export function listTicks(view: Viewport, spacingPx: number): Tick[] {
  const leastMs = (spacingPx / view.widthPx) * widthMs(view);
  const stepMs = STEPS_MS.find((step) => step >= leastMs);
  return stepMs === undefined ? dayTicks(view, leastMs) : clockTicks(view, stepMs, leastMs);
}

function dayTicks(view: Viewport, leastMs: number): Tick[] {
  const everyDays = [1, 2, 7, 14].find((days) => days * UTC_DAY_MS >= leastMs) ?? 31;
  const ticks: Tick[] = [];
  for (let timeMs = startOfLocalDay(view.fromMs); timeMs <= view.toMs; timeMs = addLocalDays(timeMs, 1)) {
    const number = Math.round((timeMs + zoneOffsetMs(timeMs)) / UTC_DAY_MS);
    if (timeMs < view.fromMs || number % everyDays !== 0) continue;
    ticks.push({ timeMs, label: formatShortDate(timeMs), day: true });
  }
  return ticks;
}

function clockTicks(view: Viewport, stepMs: number, leastMs: number): Tick[] {
  // Zones differ from UTC by whole quarters of an hour, so candidates a quarter apart include every round local hour.
  const candidateMs = Math.min(stepMs, 15 * MINUTE_MS);
  const ticks: Tick[] = [];
  for (let timeMs = Math.ceil(view.fromMs / candidateMs) * candidateMs; timeMs <= view.toMs; timeMs += candidateMs) {
    const localMs = timeMs + zoneOffsetMs(timeMs);
    if (localMs % stepMs !== 0) continue;
    const day = timeMs === startOfLocalDay(timeMs);
    // Where clocks go back, two round hours may be too close for two labels.
    const isCrowded = timeMs - (ticks.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY) < leastMs;
    const label = day ? formatShortDate(timeMs) : isCrowded ? "" : clockLabel(timeMs, stepMs);
    ticks.push({ timeMs, label, day });
  }
  return ticks;
}

function clockLabel(timeMs: number, stepMs: number): string {
  const clock = stepMs < MINUTE_MS ? formatSeconds(timeMs) : formatClock(timeMs);
  return hasClockChange(timeMs) && stepMs >= MINUTE_MS ? `${clock} ${zoneName(timeMs)}` : clock;
}
