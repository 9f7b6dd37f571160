import fc from "fast-check";
import { expect, test } from "vitest";
import { captureTimesOf, layOutTimes, type SampleTimes, TIMESCALE } from "./sample-times.ts";

const START_US = 1_795_000_000_123_456;
const US_PER_TICK = 1_000_000 / TIMESCALE;

function presentation({ dts, ptsOffsets }: SampleTimes): number[] {
  return Array.from(dts, (ticks, i) => ticks + (ptsOffsets?.[i] ?? 0));
}

/** A GOP: the intervals between its pictures, and how far each is moved back in decode order. */
const gops = fc.array(fc.array(fc.integer({ min: 20, max: 200_000 }), { minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 8,
});

test("presentation times are the capture times, to a tick, whatever the order of decoding", () => {
  fc.assert(
    fc.property(gops, fc.infiniteStream(fc.nat(3)), (intervals, moves) => {
      const timesUs: number[] = [];
      const keyframes: number[] = [];
      let timeUs = START_US;
      for (const gop of intervals) {
        const shown = gop.map((interval) => {
          timeUs += interval;
          return timeUs;
        });
        const [first, ...rest] = shown;
        const decoded = rest.map((time, i) => ({ time, rank: i - (moves.next().value as number) }));
        decoded.sort((a, b) => a.rank - b.rank);
        timesUs.push(first as number, ...decoded.map(({ time }) => time));
        keyframes.push(1, ...rest.map(() => 0));
      }
      const span = { sampleCount: timesUs.length, firstCaptureTimeUs: timesUs[0] as number, endUs: timeUs + 40_000 };
      const times = layOutTimes([span], Float64Array.from(timesUs), Uint8Array.from(keyframes));
      const shown = presentation(times);
      expect(shown[0]).toBe(0);
      for (const [i, ticks] of shown.entries()) {
        const errorUs = ticks * US_PER_TICK - ((timesUs[i] as number) - span.firstCaptureTimeUs);
        expect(Math.abs(errorUs)).toBeLessThanOrEqual(US_PER_TICK);
      }
      for (let i = 1; i < times.dts.length; i++) {
        expect(times.dts[i] as number).toBeGreaterThan(times.dts[i - 1] as number);
      }
      const sorted = shown.slice().sort((a, b) => a - b);
      for (const [i, decode] of times.dts.entries()) expect(decode).toBeLessThanOrEqual(sorted[i] as number);
      const back = captureTimesOf([span], times);
      for (const [i, time] of timesUs.entries()) expect(Math.abs((back[i] as number) - time)).toBeLessThan(100);
    }),
  );
});

test("a gap between spans is kept by the duration of the sample before it", () => {
  const spans = [
    { sampleCount: 2, firstCaptureTimeUs: START_US, endUs: START_US + 80_000 },
    { sampleCount: 1, firstCaptureTimeUs: START_US + 20_000_000, endUs: START_US + 20_040_000 },
  ];
  const timesUs = [START_US, START_US + 40_000, START_US + 20_000_000];
  const times = layOutTimes(spans, Float64Array.from(timesUs), Uint8Array.of(1, 0, 1));
  expect(Array.from(times.dts)).toEqual([0, 3600, 1_800_000]);
  expect(times.durationTicks).toBe(1_803_600);
  expect(times.ptsOffsets).toBeUndefined();
});

test("a span whose times repeat begins where the one before it ends, and its capture times can be told", () => {
  const spans = [
    { sampleCount: 2, firstCaptureTimeUs: START_US, endUs: START_US + 80_000 },
    { sampleCount: 2, firstCaptureTimeUs: START_US - 10_000_000, endUs: START_US - 9_920_000 },
  ];
  const timesUs = [START_US, START_US + 40_000, START_US - 10_000_000, START_US - 9_960_000];
  const times = layOutTimes(spans, Float64Array.from(timesUs), Uint8Array.of(1, 0, 1, 0));
  expect(Array.from(times.dts)).toEqual([0, 3600, 7200, 10_800]);
  expect(times.durationTicks).toBe(14_400);
  expect(Array.from(captureTimesOf(spans, times))).toEqual(timesUs);
});

test("pictures with one and the same time are put a tick apart", () => {
  const span = { sampleCount: 3, firstCaptureTimeUs: START_US, endUs: START_US + 40_000 };
  const times = layOutTimes([span], new Float64Array(3).fill(START_US), Uint8Array.of(1, 0, 0));
  expect(Array.from(times.dts)).toEqual([0, 1, 2]);
});
