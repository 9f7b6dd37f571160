import { expect, test } from "vitest";
import { nextStep, type StepState } from "./step.ts";

const minuteMs = Date.UTC(2026, 10, 24, 14, 33);
const wantedMs = minuteMs + 30_000;
/** A minute whose video begins and ends this long after it does on the clock; its frames are 100 ms apart. */
const within = (fromMs: number, toMs: number) => ({
  fromMs: minuteMs + fromMs,
  toMs: minuteMs + toMs,
  lastMs: minuteMs + toMs - 50,
});
const at = (aheadMs: number, more: Partial<StepState> = {}): StepState => ({
  wantedMs,
  isPlaying: true,
  speed: 1,
  hasFootage: true,
  askedMs: 0,
  shown: { currentMs: wantedMs + aheadMs, ...within(0, 60_000) },
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
  const begins = { currentMs: minuteMs + 40_000, ...within(40_000, 60_000) };
  expect(nextStep(at(0, { shown: begins, askedMs: wantedMs }))).toEqual({ to: "gap" });
  const ended = { currentMs: minuteMs + 20_000, ...within(0, 20_000) };
  expect(nextStep(at(0, { shown: ended }))).toEqual({ to: "gap" });
  const other = { currentMs: minuteMs - 1000, ...within(-60_000, 0) };
  expect(nextStep(at(0, { shown: other }))).toEqual({ to: "jump" });
});

test("before its minute begins, and after the one before has ended, it looks for what there is once", () => {
  const begins = { currentMs: minuteMs + 50_000, ...within(40_000, 60_000) };
  expect(nextStep(at(0, { shown: begins, askedMs: minuteMs + 50_000 }))).toEqual({ to: "jump" });
  expect(nextStep(at(0, { shown: begins, askedMs: wantedMs - 10 }))).toEqual({ to: "gap" });
  const before = { currentMs: minuteMs + 19_950, ...within(-60_000, 20_000) };
  expect(nextStep(at(0, { shown: before, askedMs: minuteMs - 30_000 }))).toEqual({ to: "jump" });
  expect(nextStep(at(0, { shown: before, askedMs: wantedMs - 10 }))).toEqual({ to: "gap" });
});

test("paused past its minute's last frame it rests on that", () => {
  const last = { currentMs: minuteMs + 29_960, ...within(0, 30_010) };
  expect(nextStep(at(0, { isPlaying: false, shown: last }))).toEqual({ to: "hold" });
});
