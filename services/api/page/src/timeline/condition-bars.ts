import type { Severity } from "../../../../../shared/health/condition.ts";
import type { ConditionSpan } from "./condition-spans.ts";
import { timeAt, type Viewport, xOf } from "./viewport.ts";

/** A line of a severity from pixel to pixel. */
export interface ConditionBar {
  severity: Severity;
  fromPx: number;
  toPx: number;
}

/** What was over in a moment can be seen and pointed at all the same. */
const NARROWEST_PX = 3;
const REACH_PX = 2;

/**
 * The lines that stand for conditions within a view, in the order in which they began; what lasts reaches up to `nowMs`. What is closer than a pixel is
 * one line, so that there are never more than pixels. Warnings first: errors are drawn over them.
 */
export function conditionBars(spans: readonly ConditionSpan[], view: Viewport, nowMs: number): ConditionBar[] {
  const bars: ConditionBar[] = [];
  for (const severity of ["warning", "error"] as const) {
    let last: ConditionBar | undefined;
    for (const { condition, fromMs, toMs } of spans) {
      if (condition.severity !== severity) continue;
      const fromPx = Math.max(0, xOf(view, fromMs));
      const toPx = Math.max(fromPx + NARROWEST_PX, Math.min(view.widthPx, xOf(view, toMs ?? nowMs)));
      if (last !== undefined && fromPx - last.toPx < 1) last.toPx = Math.max(last.toPx, toPx);
      else {
        last = { severity, fromPx, toPx };
        bars.push(last);
      }
    }
  }
  return bars;
}

/** The stretch of time whose conditions have their lines at a pixel, or next to it. */
export function timesUnder(view: Viewport, xPx: number): { fromMs: number; toMs: number } {
  return { fromMs: timeAt(view, xPx - NARROWEST_PX), toMs: timeAt(view, xPx + REACH_PX) };
}
