import { expect, test } from "vitest";
import { CameraClock } from "./camera-clock.ts";

const START_US = 1_700_000_000_000_000;

test("frames are evenly spaced by both clocks", () => {
  const clock = new CameraClock(25, START_US);
  for (let i = 0; i < 3; i++) clock.capture();
  expect([0, 1, 2].map((i) => clock.at(i))).toEqual([
    { captureTimeUs: START_US, ticks: 0 },
    { captureTimeUs: START_US + 40_000, ticks: 3600 },
    { captureTimeUs: START_US + 80_000, ticks: 7200 },
  ]);
});

test("a clock that is 100 ppm fast gains 0.36 s in an hour, and its timestamps do not show it", () => {
  const clock = new CameraClock(25, START_US);
  clock.setDrift(100);
  for (let i = 0; i <= 90_000; i++) clock.capture();
  const last = clock.at(90_000);
  expect(last.ticks).toBe(90_000 * 3600);
  expect(last.captureTimeUs - START_US).toBeCloseTo(3600e6 / 1.0001, -1);
  expect(clock.ticksAt(last.captureTimeUs)).toBe(last.ticks);
});

test("a jump moves the timestamps alone", () => {
  const clock = new CameraClock(25, START_US);
  clock.capture();
  clock.jump(-5000);
  clock.capture();
  expect(clock.at(1)).toEqual({ captureTimeUs: START_US + 40_000, ticks: 3600 - 450_000 });
});

test("a late frame says so in both clocks, and the next is not late for it", () => {
  const clock = new CameraClock(25, START_US);
  clock.capture(10_000);
  expect(clock.dueUs).toBe(START_US + 50_000);
  clock.capture();
  clock.capture();
  expect(clock.at(1)).toEqual({ captureTimeUs: START_US + 50_000, ticks: 4500 });
  expect(clock.at(2)).toEqual({ captureTimeUs: START_US + 80_000, ticks: 7200 });
});
