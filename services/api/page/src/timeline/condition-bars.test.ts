import fc from "fast-check";
import { expect, test } from "vitest";
import type { Severity } from "../../../../../shared/health/condition.ts";
import { conditionBars, timesUnder } from "./condition-bars.ts";
import type { ConditionSpan } from "./condition-spans.ts";

/** One pixel is one second. */
const view = { fromMs: 1_000_000, toMs: 2_000_000, widthPx: 1000 };
const NOW_MS = 1_900_000;

function span(fromPx: number, toPx: number | undefined, severity: Severity = "error"): ConditionSpan {
  const condition = { id: "disk-full", severity, subject: "/a", since: "", message: "" } as const;
  const at = (px: number) => view.fromMs + px * 1000;
  return { condition, fromMs: at(fromPx), toMs: toPx === undefined ? undefined : at(toPx) };
}

test("a line is as long as its condition lasted, within the view, up to now while that lasts, and never too short to see", () => {
  expect(conditionBars([span(-50, 10), span(20, 20.1), span(40, 60)], view, NOW_MS)).toEqual([
    { severity: "error", fromPx: 0, toPx: 10 },
    { severity: "error", fromPx: 20, toPx: 23 },
    { severity: "error", fromPx: 40, toPx: 60 },
  ]);
  expect(conditionBars([span(800, undefined)], view, NOW_MS)).toEqual([{ severity: "error", fromPx: 800, toPx: 900 }]);
  expect(conditionBars([span(800, 5000)], view, NOW_MS)).toEqual([{ severity: "error", fromPx: 800, toPx: 1000 }]);
});

test("what is closer than a pixel is one line, what is a pixel apart are two, and errors are drawn last", () => {
  const spans = [span(10, 90), span(20, 30), span(30, 35, "warning"), span(90.9, 100), span(101, 110)];
  expect(conditionBars(spans, view, NOW_MS)).toEqual([
    { severity: "warning", fromPx: 30, toPx: 35 },
    { severity: "error", fromPx: 10, toPx: 100 },
    { severity: "error", fromPx: 101, toPx: 110 },
  ]);
});

test("however many there are, there are few lines, each condition has one, and pointing at a line finds its conditions", () => {
  const some = fc.array(
    fc.record({ from: fc.integer({ min: -100, max: 999 }), length: fc.integer({ min: 0, max: 200 }) }),
    { maxLength: 3000 },
  );
  fc.assert(
    fc.property(some, (made) => {
      const spans = made
        .filter(({ from, length }) => from + length > 0)
        .map(({ from, length }) => span(from, from + length))
        .sort((a, b) => a.fromMs - b.fromMs);
      const bars = conditionBars(spans, view, NOW_MS);
      expect(bars.length).toBeLessThanOrEqual(view.widthPx / 4 + 1);
      for (const { fromMs, toMs } of spans) {
        const from = Math.max(0, (fromMs - view.fromMs) / 1000);
        expect(bars.some((bar) => bar.fromPx <= from && bar.toPx >= from + 3)).toBe(true);
        for (const px of [from, from + 2]) {
          const under = timesUnder(view, px);
          expect(fromMs < under.toMs && (toMs as number) > under.fromMs).toBe(true);
        }
      }
    }),
  );
});
