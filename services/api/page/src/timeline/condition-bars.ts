import type { Severity } from "../../../../../shared/health/condition.ts";
import type { ConditionSpan } from "./condition-spans.ts";
import { timeAt, type Viewport, xOf } from "./viewport.ts";

/** A line from pixel to pixel, for conditions of one severity. */
export interface ConditionBar {
  severity: Severity;
  fromPx: number;
  toPx: number;
}

/** Even a very short condition must be visible and large enough to point at. */
const MIN_BAR_PX = 3;
const REACH_PX = 2;

/**
 * The lines for the conditions within a view, in the order in which they began; a condition that still lasts reaches up
 * to `nowMs`. Those less than a pixel apart become one line, so that there are never more lines than pixels. Warnings
 * come first: errors are drawn over them.
 */
export function conditionBars(spans: readonly ConditionSpan[], view: Viewport, nowMs: number): ConditionBar[] {
  const bars: ConditionBar[] = [];
  for (const severity of ["warning", "error"] as const) {
    let last: ConditionBar | undefined;
    for (const { condition, fromMs, toMs } of spans) {
      if (condition.severity !== severity) continue;
      const fromPx = Math.max(0, xOf(view, fromMs));
      const toPx = Math.max(fromPx + MIN_BAR_PX, Math.min(view.widthPx, xOf(view, toMs ?? nowMs)));
      if (last !== undefined && fromPx - last.toPx < 1) last.toPx = Math.max(last.toPx, toPx);
      else {
        last = { severity, fromPx, toPx };
        bars.push(last);
      }
    }
  }
  return bars;
}

/** The period whose conditions have their lines at a pixel or next to it. */
export function timesUnder(view: Viewport, xPx: number): { fromMs: number; toMs: number } {
  return { fromMs: timeAt(view, xPx - MIN_BAR_PX), toMs: timeAt(view, xPx + REACH_PX) };
}
