import { expect, test, vi } from "vitest";
import { formatClock, formatClockSafely, formatDuration, zoneName } from "./format.ts";
import {
  addLocalDays,
  hasClockChange,
  localDay,
  localInstants,
  sameTimeOtherDay,
  startOfLocalDay,
} from "./local-day.ts";
import { HOUR_MS } from "./minute.ts";

// Must run before the modules under test are loaded: their formatters keep the zone in which they were made.
vi.hoisted(() => {
  process.env.TZ = "Europe/Berlin";
});
const at = (iso: string) => Date.parse(iso);

test("the day on which clocks go back has 25 hours, and the one on which they go forward 23", () => {
  const autumn = localDay(at("2026-10-25T12:00:00Z"));
  expect(autumn).toEqual({ fromMs: at("2026-10-24T22:00:00Z"), toMs: at("2026-10-25T23:00:00Z") });
  expect((autumn.toMs - autumn.fromMs) / HOUR_MS).toBe(25);
  const spring = localDay(at("2026-03-29T12:00:00Z"));
  expect((spring.toMs - spring.fromMs) / HOUR_MS).toBe(23);
});

test("a local day spans two UTC days", () => {
  expect(localDay(at("2026-11-24T23:30:00Z"))).toEqual({
    fromMs: at("2026-11-24T23:00:00Z"),
    toMs: at("2026-11-25T23:00:00Z"),
  });
});

test("days are counted by the calendar, over changes of the clocks", () => {
  const saturday = startOfLocalDay(at("2026-10-24T12:00:00Z"));
  expect(addLocalDays(saturday, 2)).toBe(at("2026-10-25T23:00:00Z"));
  expect(formatClock(sameTimeOtherDay(at("2026-10-24T12:30:00Z"), 1))).toBe("14:30");
  expect(addLocalDays(at("2026-12-31T12:00:00Z"), 1)).toBe(at("2026-12-31T23:00:00Z"));
});

test("the hour that clocks repeat has two instants for each of its times, the skipped one none", () => {
  expect(localInstants(2026, 10, 25, 2, 30, 0)).toEqual([at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z")]);
  expect(localInstants(2026, 3, 29, 2, 30, 0)).toEqual([]);
  expect(localInstants(2026, 11, 24, 14, 33, 5)).toEqual([at("2026-11-24T13:33:05Z")]);
  expect(localInstants(2026, 2, 31, 0, 0, 0)).toEqual([]);
});

test("clock times that could mean two hours carry their zone", () => {
  const [first, second] = localInstants(2026, 10, 25, 2, 30, 0) as [number, number];
  expect(formatClockSafely(first)).not.toBe(formatClockSafely(second));
  expect(zoneName(first)).not.toBe(zoneName(second));
  expect(formatClockSafely(at("2026-11-24T13:33:00Z"))).toBe("14:33");
  expect([hasClockChange(first), hasClockChange(at("2026-11-24T13:33:00Z"))]).toEqual([true, false]);
});

test("durations are short and round", () => {
  const minute = 60_000;
  expect([12_000, 5 * minute, 63_000, 65 * minute, 25 * 60 * minute, -1].map(formatDuration)).toEqual([
    "12 s",
    "5 min",
    "1 min 3 s",
    "1 h 05 min",
    "1 d 1 h",
    "0 s",
  ]);
});
