import { expect, test } from "vitest";
import type { ListedMinute, MinuteState } from "../client/types.ts";
import { MINUTE_MS, minuteToken, UTC_DAY_MS, utcDayNumber } from "../time/minute.ts";
import { CameraDay } from "./camera-day.ts";
import { listSpans, takeAway } from "./spans.ts";

const noonMs = Date.parse("2026-11-24T12:00:00Z");
const midnightMs = Date.parse("2026-11-25T00:00:00Z");

function daysOf(minutes: readonly { atMs: number; state?: MinuteState; sizeBytes?: number }[]) {
  const days = new Map<number, CameraDay>();
  for (const { atMs, state = "ready", sizeBytes = 1000 } of minutes) {
    const day = utcDayNumber(atMs);
    const entry = days.get(day) ?? new CameraDay(day);
    days.set(day, entry);
    entry.set({ name: minuteToken(atMs), state, sizeBytes, hasThumbnail: true });
  }
  return (day: number) => days.get(day);
}

const run = (fromMs: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ atMs: fromMs + i * MINUTE_MS }));

test("minutes in a row are one span, also across midnight", () => {
  const spans = listSpans(daysOf(run(midnightMs - 3 * MINUTE_MS, 6)), midnightMs - UTC_DAY_MS, midnightMs + UTC_DAY_MS);
  expect(spans).toEqual([{ fromMs: midnightMs - 3 * MINUTE_MS, toMs: midnightMs + 3 * MINUTE_MS, state: "ready" }]);
});

test("gaps and other states end a span, and only what overlaps the time is listed", () => {
  const days = daysOf([
    ...run(noonMs, 2),
    { atMs: noonMs + 2 * MINUTE_MS, state: "recording" },
    ...run(noonMs + 9 * MINUTE_MS, 1),
  ]);
  expect(listSpans(days, noonMs, noonMs + 60 * MINUTE_MS).map(({ fromMs, state }) => [fromMs - noonMs, state])).toEqual(
    [
      [0, "ready"],
      [2 * MINUTE_MS, "recording"],
      [9 * MINUTE_MS, "ready"],
    ],
  );
  expect(listSpans(days, noonMs + 3 * MINUTE_MS, noonMs + 9 * MINUTE_MS)).toEqual([]);
});

test("what lies between two marks is reckoned to the second, gaps left out", () => {
  const days = daysOf([...run(noonMs, 3), ...run(noonMs + 5 * MINUTE_MS, 2)]);
  expect(takeAway(days, noonMs, noonMs + 7 * MINUTE_MS)).toEqual({ recordedMs: 5 * MINUTE_MS, bytes: 5000 });
  expect(takeAway(days, noonMs + 45_000, noonMs + MINUTE_MS + 30_000)).toEqual({ recordedMs: 45_000, bytes: 750 });
  expect(takeAway(days, noonMs + 10_000, noonMs + 16_000)).toEqual({ recordedMs: 6000, bytes: 100 });
  expect(takeAway(days, noonMs - 10 * UTC_DAY_MS, noonMs - 9 * UTC_DAY_MS)).toEqual({ recordedMs: 0, bytes: 0 });
});

test("a day knows the next and previous playable minute", () => {
  const day = daysOf([...run(noonMs, 1), { atMs: noonMs + MINUTE_MS, state: "waiting" }])(utcDayNumber(noonMs));
  expect([day?.nextReady(0), day?.nextReady(720), day?.nextReady(721)]).toEqual([720, 720, -1]);
  expect([day?.previousReady(9999), day?.previousReady(719)]).toEqual([720, -1]);
});

test("of what is listed under one name, the ready minute counts, and minutes of other days are passed over", () => {
  const minute = (name: string, state: MinuteState, sizeBytes: number, copy?: number): ListedMinute => ({
    name,
    start: "",
    state,
    sizeBytes,
    hasPreview: true,
    hasThumbnail: state === "ready",
    ...(copy !== undefined && { copy }),
  });
  const day = new CameraDay(utcDayNumber(noonMs), [
    minute("20261124.1200", "ready", 10),
    minute("20261124.1200", "ready", 20, 2),
    minute("20261124.1200", "waiting", 30),
    minute("20261125.1200", "ready", 40),
    minute("nonsense", "ready", 50),
  ]);
  expect([day.state(720), day.sizeBytes(720), day.hasThumbnail(720)]).toEqual(["ready", 10, true]);
});
