import type { CameraDay } from "../footage/camera-day.ts";
import { MINUTE_MS, MINUTES_A_DAY, UTC_DAY_MS, utcDayNumber } from "../time/minute.ts";
import { type Viewport, widthMs } from "./viewport.ts";

/** A cell of the filmstrip: a period, and the minute whose picture represents it. */
export interface Cell {
  fromMs: number;
  toMs: number;
  minuteMs: number;
}

const CELL_MINUTES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880];

/**
 * The cells that fill a view, each at least `cellPx` wide and on a fixed grid of time, so that pictures keep their
 * times while the view moves. Cells without footage are left out.
 */
export function listCells(view: Viewport, cellPx: number, days: (day: number) => CameraDay | undefined): Cell[] {
  const leastMs = (cellPx / view.widthPx) * widthMs(view);
  const cellMs = (CELL_MINUTES.find((minutes) => minutes * MINUTE_MS >= leastMs) ?? 4320) * MINUTE_MS;
  const cells: Cell[] = [];
  for (let fromMs = Math.floor(view.fromMs / cellMs) * cellMs; fromMs < view.toMs; fromMs += cellMs) {
    const minuteMs = firstPictured(days, fromMs, fromMs + cellMs);
    if (minuteMs !== undefined) cells.push({ fromMs, toMs: fromMs + cellMs, minuteMs });
  }
  return cells;
}

/** The first minute within a period that has a picture. */
function firstPictured(days: (day: number) => CameraDay | undefined, fromMs: number, toMs: number): number | undefined {
  for (let day = utcDayNumber(fromMs); day * UTC_DAY_MS < toMs; day++) {
    const minutes = days(day);
    if (minutes === undefined) continue;
    const dayMs = day * UTC_DAY_MS;
    const first = Math.max(0, Math.floor((fromMs - dayMs) / MINUTE_MS));
    const last = Math.min(MINUTES_A_DAY, Math.ceil((toMs - dayMs) / MINUTE_MS));
    for (let index = first; index < last; index++) if (minutes.hasThumbnail(index)) return dayMs + index * MINUTE_MS;
  }
  return undefined;
}
