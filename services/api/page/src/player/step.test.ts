import { expect, test } from "vitest";
import { nextStep, type StepState } from "./step.ts";

const minuteMs = Date.UTC(2026, 10, 24, 14, 33);
const wantedMs = minuteMs + 30_000;
const at = (aheadMs: number, more: Partial<StepState> = {}): StepState => ({
  wantedMs,
  isPlaying: true,
  speed: 1,
  hasFootage: true,
  shown: { currentMs: wantedMs + aheadMs, fromMs: minuteMs, toMs: minuteMs + 60_000 },
  ...more,
});

test("a small drift is corrected gently, in the direction that closes it; a large one by a jump", () => {
  expect(nextStep(at(10))).toEqual({ to: "play", rate: 1 });
  expect(nextStep(at(60))).toEqual({ to: "play", rate: 0.9 });
  expect(nextStep(at(-60))).toEqual({ to: "play", rate: 1.1 });
  expect(nextStep(at(-900))).toEqual({ to: "play", rate: 1.25 });
  expect(nextStep(at(400))).toEqual({ to: "hold" });
  expect(nextStep(at(2000))).toEqual({ to: "jump" });
  expect(nextStep(at(-2000))).toEqual({ to: "jump" });
});

test("at a higher speed the same drift in the footage is less on the clock; no rate is above what browsers play", () => {
  expect(nextStep(at(480, { speed: 8 }))).toEqual({ to: "play", rate: 8 * 0.9 });
  expect(nextStep(at(-2000, { speed: 16 }))).toEqual({ to: "play", rate: 16 });
});

test("a paused follower shows the very time", () => {
  expect(nextStep(at(5, { isPlaying: false }))).toEqual({ to: "hold" });
  expect(nextStep(at(40, { isPlaying: false }))).toEqual({ to: "jump" });
});

test("where the camera has nothing it shows nothing, also before its minute begins and after it ends", () => {
  expect(nextStep(at(0, { shown: undefined }))).toEqual({ to: "jump" });
  expect(nextStep(at(0, { shown: undefined, hasFootage: false }))).toEqual({ to: "gap" });
  const begins = { currentMs: minuteMs + 40_000, fromMs: minuteMs + 40_000, toMs: minuteMs + 60_000 };
  expect(nextStep(at(0, { shown: begins }))).toEqual({ to: "gap" });
  const ended = { currentMs: minuteMs + 20_000, fromMs: minuteMs, toMs: minuteMs + 20_000 };
  expect(nextStep(at(0, { shown: ended }))).toEqual({ to: "gap" });
  const other = { currentMs: minuteMs - 1000, fromMs: minuteMs - 60_000, toMs: minuteMs };
  expect(nextStep(at(0, { shown: other }))).toEqual({ to: "jump" });
});
