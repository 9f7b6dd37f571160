import fc from "fast-check";
import { expect, test } from "vitest";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import { MovieFragments } from "./movie-fragments.ts";

const code = Buffer.from("00000001", "hex");
const SPS = Buffer.from("6742c01fd9005005bb011000000300100000030300f1832480", "hex");
const OTHER_SPS = Buffer.from("6742c01ed9005005bb011000000300100000030300f1832480", "hex");
const PPS = Buffer.from("68cb83cb20", "hex");

function frame(captureTimeUs: number, isKeyframe: boolean, sps = SPS): LiveFrame {
  const slice = Buffer.from(isKeyframe ? "65888040" : "41888040", "hex");
  const nals = isKeyframe ? [sps, PPS, slice] : [slice];
  const data = Buffer.concat(nals.flatMap((nal) => [code, nal]));
  return { codec: H264, source: 1, sequence: 0, isKeyframe, captureTimeUs, data };
}

function timesOf(bytes: Buffer): { decodeUs: number; durationUs: number; presentationUs: number } {
  const decodeUs = Number(bytes.readBigUInt64BE(60));
  return { decodeUs, durationUs: bytes.readUInt32BE(88), presentationUs: decodeUs + bytes.readInt32BE(100) };
}

test("nothing before a keyframe with parameter sets; then a stream begins, once", () => {
  const fragments = new MovieFragments();
  expect(fragments.take(frame(1e12, false))).toBeUndefined();
  const first = fragments.take(frame(1e12 + 40_000, true));
  expect(first?.start).toMatchObject({
    configuration: { codecString: "avc1.42c01f" },
    startTimeUs: 1e12 + 40_000 - 1_000_000,
  });
  expect(fragments.take(frame(1e12 + 80_000, false))?.start).toBeUndefined();
  expect(fragments.take(frame(1e12 + 120_000, true))?.start).toBeUndefined();
});

test("a changed picture, or a clock that was set, begins a new stream", () => {
  const fragments = new MovieFragments();
  fragments.take(frame(1e12, true));
  expect(fragments.take(frame(1e12 + 40_000, true, OTHER_SPS))?.start?.configuration.codecString).toBe("avc1.42c01e");
  expect(fragments.take(frame(1e12 - 60_000_000, true, OTHER_SPS))?.start).toBeDefined();
  expect(fragments.take(frame(1e12 + 60_000_000, true, OTHER_SPS))?.start).toBeDefined();
});

test("presentation times are the capture times, B-frames and odd intervals included; decode times rise, and no pause is longer than two durations", () => {
  // What Media Source Extensions require (§3.5.8, coded frame processing, step 6).
  const intervals = fc.array(fc.integer({ min: 20_000, max: 900_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(intervals, fc.boolean(), (steps, hasBFrames) => {
      const shown = [1e12];
      for (const step of steps) shown.push((shown.at(-1) as number) + step);
      const order = hasBFrames ? reorder(shown) : shown;
      const fragments = new MovieFragments();
      let before: ReturnType<typeof timesOf> | undefined;
      for (const [i, timeUs] of order.entries()) {
        const fragment = fragments.take(frame(timeUs, i === 0));
        const times = timesOf(fragment?.bytes as Buffer);
        expect(times.presentationUs).toBe(timeUs - 1e12 + 1_000_000);
        if (before !== undefined) {
          expect(times.decodeUs).toBeGreaterThan(before.decodeUs);
          expect(times.decodeUs - before.decodeUs).toBeLessThanOrEqual(2 * before.durationUs);
        }
        before = times;
      }
    }),
  );
});

/** A decode order: every third frame comes before the two that are shown before it. */
function reorder(shown: readonly number[]): number[] {
  const order = shown.slice(0, 1);
  for (let i = 1; i < shown.length; i += 3) {
    const group = shown.slice(i, i + 3);
    const last = group.pop();
    order.push(...(last === undefined ? [] : [last]), ...group);
  }
  return order;
}

test("damaged frames throw nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (pieces) => {
      const fragments = new MovieFragments();
      for (const piece of pieces) {
        const data = Buffer.concat([code, SPS.subarray(0, 3), piece, code, PPS, code, piece]);
        fragments.take({ ...frame(1e12, true), data });
      }
    }),
  );
});
