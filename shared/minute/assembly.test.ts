import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkOrigin } from "../chunk/format.ts";
import { type Assembly, assemble } from "./assembly.ts";
import type { Recording } from "./recording.ts";

const START_US = 1_795_000_000_000_000;
const FRAME_US = 40_000;

/**
 * A recording of the moments `from` to `to` (exclusive; 40 ms each) without `holes`: the first moment is a keyframe,
 * and then every `gop`-th.
 */
interface Take {
  from: number;
  to: number;
  gop: number;
  phase?: number;
  holes?: number[];
  shiftUs?: number;
  origin?: Partial<ChunkOrigin>;
}

function record({ from, to, gop, phase = 0, holes = [], shiftUs = 0, origin = {} }: Take): Recording {
  const moments: number[] = [];
  const keyframes: number[] = [];
  for (let moment = from; moment < to; moment++) {
    const isKeyframe = moment === from || (moment - from + phase) % gop === 0;
    if (holes.includes(moment) && !isKeyframe) continue;
    moments.push(moment);
    keyframes.push(isKeyframe ? 1 : 0);
  }
  return {
    origin: { recorder: "a", session: 1, boot: "x", clockOffsetUs: 0, ...origin },
    captureTimesUs: Float64Array.from(moments, (moment) => START_US + moment * FRAME_US + shiftUs),
    keyframes: Uint8Array.from(keyframes),
    endUs: START_US + to * FRAME_US + shiftUs,
  };
}

/** What is shown: recording and capture time, in order. */
function shown(recordings: Recording[], { ranges }: Assembly): { recording: number; timeUs: number }[] {
  return ranges.flatMap(({ recording, from, to }) =>
    Array.from(recordings[recording]?.captureTimesUs.subarray(from, to) as Float64Array, (timeUs) => ({
      recording,
      timeUs,
    })),
  );
}

function moments(recordings: Recording[], assembly: Assembly): number[] {
  return shown(recordings, assembly).map(({ timeUs }) => Math.round((timeUs - START_US) / FRAME_US) + 0);
}

const interval = fc
  .tuple(fc.nat(300), fc.integer({ min: 1, max: 300 }))
  .map(([from, length]) => ({ from, to: from + length }));
const take = fc.record({
  gop: fc.integer({ min: 1, max: 60 }),
  phase: fc.nat(59),
  shiftUs: fc.integer({ min: -9000, max: 9000 }),
});

test("of two recorders every moment that either has is shown, once, in order, changing at keyframes", () => {
  fc.assert(
    fc.property(interval, interval, take, take, (first, second, a, b) => {
      const recordings = [
        record({ ...first, ...a, origin: { recorder: "a" } }),
        record({ ...second, ...b, origin: { recorder: "b", boot: "y", clockOffsetUs: 77 } }),
      ];
      const assembly = assemble(recordings);
      const wanted = new Set<number>();
      for (const { from, to } of [first, second]) for (let moment = from; moment < to; moment++) wanted.add(moment);
      expect(moments(recordings, assembly)).toEqual([...wanted].sort((x, y) => x - y));
      for (const { recording, from } of assembly.ranges) expect(recordings[recording]?.keyframes[from]).toBe(1);
      expect(assembly.unplaced).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});

test("a hole of one recorder is filled by the other where keyframes let it, and nothing is shown twice", () => {
  const recordings = [
    record({ from: 0, to: 500, gop: 50, holes: range(120, 150), origin: { recorder: "a" } }),
    record({ from: 0, to: 500, gop: 50, holes: range(320, 350), origin: { recorder: "b" }, shiftUs: 3000 }),
  ];
  const assembly = assemble(recordings);
  expect(moments(recordings, assembly)).toEqual(range(0, 500));
  expect(assembly.spans.reduce((sum, { sampleCount }) => sum + sampleCount, 0)).toBe(500);
});

test("with holes anywhere nothing is shown twice, and whatever nothing stands for is counted as unplaced", () => {
  const holes = fc.array(fc.nat(400), { maxLength: 150 });
  fc.assert(
    fc.property(interval, interval, take, take, holes, holes, (first, second, a, b, holesA, holesB) => {
      const recordings = [
        record({ ...first, ...a, holes: holesA, origin: { recorder: "a" } }),
        record({ ...second, ...b, holes: holesB, origin: { recorder: "b" } }),
      ];
      const assembly = assemble(recordings);
      const found = moments(recordings, assembly);
      for (let i = 1; i < found.length; i++) expect(found[i] as number).toBeGreaterThan(found[i - 1] as number);
      const lengths = recordings.map(({ captureTimesUs }) => captureTimesUs.length);
      expect(found.length).toBeGreaterThanOrEqual(Math.max(...lengths));
      const near = (moment: number) => [moment - 1, moment, moment + 1].some((other) => found.includes(other));
      for (const [i, { captureTimesUs }] of recordings.entries()) {
        const lost = Array.from(captureTimesUs, (time) => Math.round((time - START_US) / FRAME_US)).filter(
          (m) => !near(m),
        );
        if (lost.length > 0) expect(assembly.unplaced[i]).toBeGreaterThan(0);
      }
    }),
    { numRuns: 300 },
  );
});

test("parts of one recorder are never taken for overlap, whatever their times say", () => {
  const recordings = [
    record({ from: 0, to: 100, gop: 25 }),
    record({ from: 90, to: 200, gop: 25, origin: { session: 2, clockOffsetUs: -300_000 } }),
  ];
  const assembly = assemble(recordings);
  expect(moments(recordings, assembly)).toEqual([...range(0, 100), ...range(90, 200)]);
});

test("after a step of the wall clock both sides are kept, in the order in which they happened", () => {
  fc.assert(
    fc.property(fc.integer({ min: -3600, max: 3600 }), fc.boolean(), fc.boolean(), (stepS, isOther, isSwapped) => {
      fc.pre(Math.abs(stepS) > 1);
      const before = record({ from: 0, to: 100, gop: 25 });
      const stepMoments = stepS * 25;
      const after = record({
        from: 100 + stepMoments,
        to: 200 + stepMoments,
        gop: 25,
        origin: { recorder: isOther ? "b" : "a", session: 2, clockOffsetUs: stepS * 1_000_000 },
      });
      const recordings = isSwapped ? [after, before] : [before, after];
      const assembly = assemble(recordings);
      expect(moments(recordings, assembly)).toEqual([...range(0, 100), ...range(100 + stepMoments, 200 + stepMoments)]);
    }),
  );
});

test("a recorder that had the camera before and after another comes back in its place", () => {
  const recordings = [
    record({ from: 0, to: 100, gop: 25, origin: { recorder: "a" } }),
    record({ from: 80, to: 220, gop: 30, origin: { recorder: "b" } }),
    record({ from: 200, to: 300, gop: 25, origin: { recorder: "a", session: 2 } }),
  ];
  const assembly = assemble(recordings);
  expect(moments(recordings, assembly)).toEqual(range(0, 300));
});

test("with B-frames a cut never keeps a picture that is shown after the change", () => {
  const shownOrder = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11];
  const a: Recording = {
    origin: { recorder: "a", session: 1, boot: "x", clockOffsetUs: 0 },
    captureTimesUs: Float64Array.from(shownOrder, (moment) => START_US + moment * FRAME_US),
    keyframes: Uint8Array.from(shownOrder, (_, i) => (i === 0 ? 1 : 0)),
    endUs: START_US + 13 * FRAME_US,
  };
  for (let from = 1; from < 13; from++) {
    const recordings = [a, record({ from, to: 40, gop: 100, origin: { recorder: "b" } })];
    const found = moments(recordings, assemble(recordings));
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((moment) => moment >= 13)).toEqual(range(13, 40));
  }
});

test("what comes before any keyframe is unplaced, unless it goes on a part of its session", () => {
  const whole = record({ from: 0, to: 100, gop: 50 });
  const cut = (from: number, to: number): Recording => ({
    ...whole,
    captureTimesUs: whole.captureTimesUs.subarray(from, to),
    keyframes: whole.keyframes.subarray(from, to),
    endUs: START_US + to * FRAME_US,
  });
  const both = [cut(0, 30), cut(30, 100)];
  expect(moments(both, assemble(both))).toEqual(range(0, 100));
  expect(assemble(both).spans).toHaveLength(1);
  const alone = [cut(30, 100)];
  expect(moments(alone, assemble(alone))).toEqual(range(50, 100));
  expect(assemble(alone).unplaced).toEqual([20]);
});

test("spans that join are one only within a session; a gap parts them", () => {
  const spans = (...takes: Take[]) => assemble(takes.map(record)).spans.map(({ sampleCount }) => sampleCount);
  expect(spans({ from: 0, to: 50, gop: 25 }, { from: 50, to: 100, gop: 25 })).toEqual([100]);
  expect(spans({ from: 0, to: 50, gop: 25 }, { from: 51, to: 100, gop: 25 })).toEqual([50, 49]);
  expect(spans({ from: 0, to: 50, gop: 25 }, { from: 50, to: 100, gop: 25, origin: { session: 2 } })).toEqual([50, 50]);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
