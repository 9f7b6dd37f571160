import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOutTimes } from "../../../shared/mp4/sample-times.ts";
import { cutMinute, type MinuteSamples } from "./cut.ts";
import { writtenUntil } from "./written.ts";

const START_US = 1_764_000_000_123_456;

interface Unit {
  timeUs: number;
  isKeyframe: boolean;
}

/** A minute of one span, after the given number of access units was written. */
function minuteOf(units: readonly Unit[], count = units.length): MinuteSamples {
  const written = units.slice(0, count);
  const timesUs = Float64Array.from(written, ({ timeUs }) => timeUs);
  const sorted = timesUs.slice().sort();
  const endUs = (sorted.at(-1) as number) + 40_000;
  const spans = [{ sampleCount: count, firstCaptureTimeUs: sorted[0] as number, endUs }];
  const flags = Uint8Array.from(written, ({ isKeyframe }) => Number(isKeyframe));
  return {
    ...layOutTimes(spans, timesUs, flags),
    sizes: Uint32Array.from(written, (_, i) => 1000 + i),
    keyframes: Uint32Array.from(flags.keys()).filter((i) => flags[i] === 1),
    record: { spans, chunks: [] },
  };
}

/** GOPs with the given number of B-frames between two other frames, at uneven intervals. */
const streams = fc
  .tuple(
    fc.nat(3),
    fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 6 }),
    fc.infiniteStream(fc.integer({ min: 900, max: 90_000 })),
  )
  .map(([bFrames, gops, intervals]) => {
    const units: Unit[] = [];
    let timeUs = START_US;
    for (const length of gops) {
      const times = Array.from({ length }, () => {
        timeUs += intervals.next().value as number;
        return timeUs;
      });
      units.push({ timeUs: times[0] as number, isKeyframe: true });
      for (let at = 1; at < length; at += bFrames + 1) {
        const group = times.slice(at, at + bFrames + 1);
        for (const time of [group.at(-1) as number, ...group.slice(0, -1)])
          units.push({ timeUs: time, isKeyframe: false });
      }
    }
    return units;
  });

/** A cut in which absent offsets are written out as zeros. */
function plain(minute: MinuteSamples, startUs: number, endUs: number) {
  return cutMinute(minute, startUs, endUs).map(({ span: _, ptsOffsets, ...cut }) => ({
    ...cut,
    offsets: Array.from(ptsOffsets ?? new Int32Array(cut.to - cut.from)),
  }));
}

describe("a cut of a minute", () => {
  it("is the same while the minute grows, for all that lies before what counts as written", () => {
    fc.assert(
      fc.property(streams, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (units, count, from) => {
        const growing = minuteOf(units, 1 + (count % units.length));
        const endUs = writtenUntil(growing) as number;
        fc.pre(endUs > START_US + 100_000);
        const startUs = START_US + Math.floor(from * (endUs - START_US - 1));
        expect(plain(growing, startUs, endUs)).toEqual(plain(minuteOf(units), startUs, endUs));
      }),
      { numRuns: 2000 },
    );
  });

  it("holds what is wanted, from a keyframe on, each decoded before it is shown", () => {
    const instant = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(streams, instant, instant, (units, a, b) => {
        const minute = minuteOf(units);
        const lastUs = minute.record.spans[0]?.endUs as number;
        const at = (part: number) => START_US + Math.floor(part * (lastUs - START_US));
        const [startUs, endUs] = [at(Math.min(a, b)), at(Math.max(a, b)) + 1];
        for (const cut of cutMinute(minute, startUs, endUs)) {
          const timesUs = units.slice(cut.from, cut.to).map(({ timeUs }) => timeUs);
          expect(units[cut.from]?.isKeyframe).toBe(true);
          const wanted = units.filter(({ timeUs }) => timeUs < endUs && timeUs >= cut.shownUs - 20);
          for (const { timeUs } of wanted) expect(timesUs).toContain(timeUs);
          for (let i = 1; i < cut.dts.length; i++)
            expect(cut.dts[i] as number).toBeGreaterThan(cut.dts[i - 1] as number);
        }
      }),
    );
  });
});
