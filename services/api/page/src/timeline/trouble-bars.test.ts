import fc from "fast-check";
import { expect, test } from "vitest";
import type { Severity } from "../../../../../shared/health/condition.ts";
import { timesUnder, troubleBars } from "./trouble-bars.ts";
import type { Trouble } from "./troubles.ts";

/** A pixel is a second. */
const view = { fromMs: 1_000_000, toMs: 2_000_000, widthPx: 1000 };
const NOW_MS = 1_900_000;

function trouble(fromPx: number, toPx: number | undefined, severity: Severity = "error"): Trouble {
  const condition = { id: "disk-full", severity, subject: "/a", since: "", message: "" } as const;
  const at = (px: number) => view.fromMs + px * 1000;
  return { condition, fromMs: at(fromPx), toMs: toPx === undefined ? undefined : at(toPx) };
}

test("a line is as long as its trouble, within the view, up to now while that lasts, and never too short to see", () => {
  expect(troubleBars([trouble(-50, 10), trouble(20, 20.1), trouble(40, 60)], view, NOW_MS)).toEqual([
    { severity: "error", fromPx: 0, toPx: 10 },
    { severity: "error", fromPx: 20, toPx: 23 },
    { severity: "error", fromPx: 40, toPx: 60 },
  ]);
  expect(troubleBars([trouble(800, undefined)], view, NOW_MS)).toEqual([{ severity: "error", fromPx: 800, toPx: 900 }]);
  expect(troubleBars([trouble(800, 5000)], view, NOW_MS)).toEqual([{ severity: "error", fromPx: 800, toPx: 1000 }]);
});

test("what is closer than a pixel is one line, what is a pixel apart are two, and errors are drawn last", () => {
  const troubles = [
    trouble(10, 90),
    trouble(20, 30),
    trouble(30, 35, "warning"),
    trouble(90.9, 100),
    trouble(101, 110),
  ];
  expect(troubleBars(troubles, view, NOW_MS)).toEqual([
    { severity: "warning", fromPx: 30, toPx: 35 },
    { severity: "error", fromPx: 10, toPx: 100 },
    { severity: "error", fromPx: 101, toPx: 110 },
  ]);
});

test("however many there are, there are few lines, each trouble has one, and pointing at a line finds its troubles", () => {
  const some = fc.array(
    fc.record({ from: fc.integer({ min: -100, max: 999 }), length: fc.integer({ min: 0, max: 200 }) }),
    { maxLength: 3000 },
  );
  fc.assert(
    fc.property(some, (made) => {
      const troubles = made
        .filter(({ from, length }) => from + length > 0)
        .map(({ from, length }) => trouble(from, from + length))
        .sort((a, b) => a.fromMs - b.fromMs);
      const bars = troubleBars(troubles, view, NOW_MS);
      expect(bars.length).toBeLessThanOrEqual(view.widthPx / 4 + 1);
      for (const { fromMs, toMs } of troubles) {
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
