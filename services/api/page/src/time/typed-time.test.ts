import { expect, test, vi } from "vitest";
import { parseTypedTime } from "./typed-time.ts";

// Must run before the modules under test are loaded: their formatters keep the zone in which they were made.
vi.hoisted(() => {
  process.env.TZ = "Europe/Berlin";
});
const shown = Date.parse("2026-11-20T09:00:00Z");
const now = Date.parse("2026-11-24T15:00:00Z");
const typed = (text: string, shownMs = shown) => {
  const parsed = parseTypedTime(text, shownMs, now);
  return "problem" in parsed ? parsed.problem : new Date(parsed.timeMs).toISOString();
};

test("a time alone means the day on show", () => {
  expect(typed("14:33")).toBe("2026-11-20T13:33:00.000Z");
  expect(typed(" 8:05:30 ")).toBe("2026-11-20T07:05:30.000Z");
});

test("dates are understood as people write them", () => {
  expect(typed("2026-11-24 14:33")).toBe("2026-11-24T13:33:00.000Z");
  expect(typed("2026-11-24T14:33")).toBe("2026-11-24T13:33:00.000Z");
  expect(typed("24.11. 14:33")).toBe("2026-11-24T13:33:00.000Z");
  expect(typed("1.2.2025")).toBe("2025-01-31T23:00:00.000Z");
  expect(typed("yesterday 8:00")).toBe("2026-11-23T07:00:00.000Z");
  expect(typed("Today")).toBe("2026-11-23T23:00:00.000Z");
  expect(typed("now")).toBe("2026-11-24T15:00:00.000Z");
});

test("an instant with its zone is taken as it is", () => {
  expect(typed("2026-11-24T14:33:00Z")).toBe("2026-11-24T14:33:00.000Z");
  expect(typed("2026-11-24T14:33:00.250+02:00")).toBe("2026-11-24T12:33:00.250Z");
});

test("a distance goes from the moment on show", () => {
  expect(typed("-15m")).toBe("2026-11-20T08:45:00.000Z");
  expect(typed("+2 h")).toBe("2026-11-20T11:00:00.000Z");
});

test("in the hour that clocks repeat both can be reached", () => {
  const thatDay = Date.parse("2026-10-25T12:00:00Z");
  const first = typed("2:30", thatDay);
  expect(first).toBe("2026-10-25T00:30:00.000Z");
  expect(typed("2026-10-25T02:30:00+01:00")).toBe("2026-10-25T01:30:00.000Z");
  expect(["2:30 CET", "2:30 GMT+1"].map((text) => typed(text, thatDay))).toContain("2026-10-25T01:30:00.000Z");
});

test("what is no time says so", () => {
  expect(typed("29.3.2026 2:30")).toContain("did not exist");
  for (const text of [
    "",
    "tomorrowish",
    "25:00",
    "12:61",
    "31.2. 8:00",
    "2026-13-01 8:00",
    "14",
    "2026-02-30T00:00:00Z",
  ]) {
    expect(typed(text), text).not.toMatch(/^\d{4}-/);
  }
});
