import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayOf, isDay, minuteAt, minuteEndUs, minuteStartUs } from "./minute.ts";

const MINUTE_US = 60_000_000;
/** Up to the end of the year 9999. */
const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59) * 1000 });

describe("minutes", () => {
  test("every time lies in its minute: from its start, before its end", () => {
    fc.assert(
      fc.property(times, (timeUs) => {
        const minute = minuteAt(timeUs);
        const start = minuteStartUs(minute) as number;
        expect(timeUs - start).toBeGreaterThanOrEqual(0);
        expect(timeUs).toBeLessThan(minuteEndUs(minute));
        expect(minuteEndUs(minute) - start).toBe(MINUTE_US);
        expect(minuteAt(minuteEndUs(minute))).not.toBe(minute);
      }),
    );
  });

  test("the order of names is the order of times", () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        const [first, second] = [minuteAt(a), minuteAt(b)];
        if (first !== second) expect(first < second).toBe(a < b);
      }),
    );
  });

  test.each([
    [Date.UTC(2024, 1, 29, 23, 59, 59, 999) * 1000 + 999, "20240229.2359"],
    [Date.UTC(2024, 1, 29, 24) * 1000, "20240301.0000"],
    [Date.UTC(2026, 1, 28, 24) * 1000, "20260301.0000"],
    [Date.UTC(2026, 11, 31, 23, 59, 59) * 1000, "20261231.2359"],
    [Date.UTC(2026, 11, 31, 24) * 1000, "20270101.0000"],
    [Date.UTC(2026, 9, 25, 1, 30) * 1000, "20261025.0130"], // daylight saving time ends here in Europe, but not in UTC
    [0, "19700101.0000"],
  ])("%i lies in %s", (timeUs, minute) => {
    expect(minuteAt(timeUs)).toBe(minute);
    expect(dayOf(minute)).toBe(minute.slice(0, 8));
  });

  test.each([
    "20260229.0000",
    "20261301.0000",
    "20260101.2400",
    "20260101.0060",
    "20260100.0000",
    "00500101.0000",
    "2026010.10000",
    "20260101.0000\n",
    " 20260101.0000",
    "",
    "２０２６0101.0000",
  ])("%j is no minute", (text) => {
    expect(minuteStartUs(text)).toBeUndefined();
    expect(() => minuteEndUs(text)).toThrow(RangeError);
  });

  test("days are those of the calendar", () => {
    expect(["20240229", "20261231"].map(isDay)).toEqual([true, true]);
    expect(
      ["20260229", "20260431", "2026010", "202601011", "..", ".cameras", "quarantine", ""].map(isDay),
    ).not.toContain(true);
  });

  test("no text makes a minute but the one that minuteAt writes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{8}\.\d{4}$/), (text) => {
        const start = minuteStartUs(text);
        if (start !== undefined) expect(minuteAt(start)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
