import { expect, test } from "vitest";
import { ageClock } from "./trusted-clock.ts";

const nowMs = Date.UTC(2026, 10, 24, 12);
const daysAgo = (...ages: number[]) =>
  ages.map((age) => new Date(nowMs - age * 86_400_000).toISOString().slice(0, 10).replaceAll("-", ""));
const upTo = (days: number) => Array.from({ length: days + 1 }, (_, age) => age);

test("a store without footage, a new one, and one that was recorded all along believe the clock", () => {
  for (const days of [[], [0], upTo(3), upTo(40)]) expect(ageClock(daysAgo(...days), nowMs)).toEqual({ nowMs });
});

test("pauses of up to a week are nothing strange", () => {
  expect(ageClock(daysAgo(0, 7, 14), nowMs).doubt).toBeUndefined();
  expect(ageClock(daysAgo(0, 9), nowMs).doubt).toBeDefined();
});

test("after a long gap age is counted from before it, until a week has been recorded", () => {
  const doubted = ageClock(daysAgo(0, 1, 2, 400, 401), nowMs);
  expect(doubted.doubt).toBeDefined();
  expect(doubted.nowMs).toBeLessThan(nowMs - 398 * 86_400_000);
  expect(ageClock(daysAgo(...upTo(8), 400, 401), nowMs)).toEqual({ nowMs });
});

test("days to come do not move the clock", () => {
  expect(ageClock([...daysAgo(...upTo(9)), "21000101"], nowMs)).toEqual({ nowMs });
});
