import { expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS, UTC_DAY_MS } from "../time/minute.ts";
import { aroundPointer, prefetchOrder } from "./prefetch-order.ts";
import {
  pan,
  pinch,
  reveal,
  timeAt,
  type Viewport,
  WIDEST_MS,
  widthMs,
  withoutFuture,
  xOf,
  zoomAt,
  zoomStep,
} from "./viewport.ts";

const view: Viewport = { fromMs: 1_000 * HOUR_MS, toMs: 1_024 * HOUR_MS, widthPx: 1200 };

test("pixels and times are one another's inverse", () => {
  for (const x of [0, 1, 333.5, 1200]) expect(xOf(view, timeAt(view, x))).toBeCloseTo(x, 6);
});

test("zooming keeps the time under the pointer, from a minute to a month", () => {
  let zoomed = view;
  const anchorMs = timeAt(view, 400);
  for (let i = 0; i < 40; i++) zoomed = zoomAt(zoomed, 400, 0.7);
  expect(widthMs(zoomed)).toBeCloseTo(MINUTE_MS, 3);
  expect(timeAt(zoomed, 400)).toBeCloseTo(anchorMs, 0);
  for (let i = 0; i < 80; i++) zoomed = zoomAt(zoomed, 400, 1.5);
  expect(widthMs(zoomed)).toBeCloseTo(WIDEST_MS, 0);
  expect(timeAt(zoomed, 400)).toBeCloseTo(anchorMs, 0);
});

test("panning moves what was under the pointer with it", () => {
  expect(timeAt(pan(view, 50), 450)).toBeCloseTo(timeAt(view, 400), 3);
});

test("pinching keeps the times under both fingers", () => {
  const pinched = pinch(view, [300, 700], [200, 900]);
  expect(timeAt(pinched, 200)).toBeCloseTo(timeAt(view, 300), 0);
  expect(timeAt(pinched, 900)).toBeCloseTo(timeAt(view, 700), 0);
});

test("a time out of view is brought into it, one within it moves nothing", () => {
  expect(reveal(view, 1_012 * HOUR_MS)).toBe(view);
  for (const timeMs of [990 * HOUR_MS, 1_000 * HOUR_MS, 1_024 * HOUR_MS, 1_500 * HOUR_MS]) {
    const shown = reveal(view, timeMs);
    expect(widthMs(shown)).toBe(widthMs(view));
    expect(xOf(shown, timeMs)).toBeGreaterThan(0);
    expect(xOf(shown, timeMs)).toBeLessThan(1200);
  }
});

test("steps of the zoom go to the next round width", () => {
  expect(zoomStep(UTC_DAY_MS, 1)).toBe(3 * UTC_DAY_MS);
  expect(zoomStep(UTC_DAY_MS, -1)).toBe(12 * HOUR_MS);
  expect(zoomStep(WIDEST_MS, 1)).toBe(WIDEST_MS);
  expect(zoomStep(MINUTE_MS, -1)).toBe(MINUTE_MS);
});

test("a wide view shows the past rather than the future", () => {
  expect(withoutFuture(view, 1_020 * HOUR_MS)).toMatchObject({ fromMs: 996 * HOUR_MS, toMs: 1_020 * HOUR_MS });
  expect(withoutFuture(view, 1_030 * HOUR_MS)).toBe(view);
});

test("prefetching names every place once, coarse first", () => {
  const order = prefetchOrder(1440, 700);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1440 }, (_, place) => place));
  expect(order[0]).toBe(704);
  expect(order.slice(0, 23).every((place) => place % 64 === 0)).toBe(true);
  expect(prefetchOrder(0, 5)).toEqual([]);
});

test("around the pointer the direction of its movement comes first", () => {
  expect(aroundPointer(2, 1)).toEqual([0, 1, -1, 2, -2]);
  expect(aroundPointer(2, -1)).toEqual([0, -1, 1, -2, 2]);
});
