import { expect, test, vi } from "vitest";
import { localDay } from "../time/local-day.ts";
import { listTicks } from "./ticks.ts";

// Must run before the modules under test are loaded: their formatters keep the zone in which they were made.
vi.hoisted(() => {
  process.env.TZ = "Europe/Berlin";
});
const hours = (iso: string, widthPx: number) => listTicks({ ...localDay(Date.parse(iso)), widthPx }, 60);

test("the day on which clocks go back shows each of its 25 hours", () => {
  const ticks = hours("2026-10-25T12:00:00Z", 2600);
  expect(ticks.length).toBe(26);
  expect(new Set(ticks.map((tick) => tick.timeMs)).size).toBe(26);
  expect(ticks.filter((tick) => tick.label.startsWith("02:00")).map((tick) => tick.label).length).toBe(2);
  expect(new Set(ticks.map((tick) => tick.label)).size).toBe(26);
});

test("the day on which clocks go forward has no 02:00", () => {
  const ticks = hours("2026-03-29T12:00:00Z", 2600);
  expect(ticks.length).toBe(24);
  expect(ticks.some((tick) => tick.label.startsWith("02:00"))).toBe(false);
});

test("ticks stand on round local times and are no closer than asked", () => {
  const ticks = hours("2026-11-24T12:00:00Z", 1000);
  expect(ticks.slice(1, -1).map((tick) => tick.label)).toEqual(
    Array.from({ length: 11 }, (_, index) => `${String(2 * index + 2).padStart(2, "0")}:00`),
  );
  expect([ticks[0]?.label, ticks.at(-1)?.label]).toEqual(["Tue 24 Nov", "Wed 25 Nov"]);
  expect(ticks[0]?.day).toBe(true);
});

test("a month is ticked by days, a minute by seconds", () => {
  const fromMs = Date.parse("2026-10-10T00:00:00Z");
  const month = listTicks({ fromMs, toMs: fromMs + 31 * 86_400_000, widthPx: 1400 }, 84);
  expect(month.every((tick) => tick.day)).toBe(true);
  expect(month.length).toBeGreaterThan(10);
  const minute = listTicks({ fromMs, toMs: fromMs + 60_000, widthPx: 1400 }, 84);
  expect(minute.map((tick) => tick.label)[1]).toBe("02:00:05");
});
