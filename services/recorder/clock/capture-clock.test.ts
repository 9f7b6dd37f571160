import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { WrongRate } from "./rate-gauge.ts";

const START_US = Date.UTC(2026, 1, 28, 23, 50) * 1000;
const SECOND = 1_000_000;

/**
 * A frame: when it was captured and arrived (true time, µs since the beginning), and the timestamp that the camera gave
 * it.
 */
interface Frame {
  capturedUs: number;
  arrivesUs: number;
  timestamp: number;
  isKeyframe: boolean;
}

interface Timed extends Frame {
  timeUs: number;
  /** Number of the anchor: times are only compared within the same one. */
  anchor: number;
}

interface Options {
  /** Frames per read. */
  batch?: number;
  /** Called before each read, with true time. */
  before?: (nowUs: number) => void;
  /** What an earlier session found. */
  wrongRate?: WrongRate;
}

/** Runs frames through a clock as the camera session does: read in batches, timed at a flush about once a second. */
function run(
  clock: SimulatedClock,
  frames: Iterable<Frame>,
  each: (frame: Timed) => void,
  options: Options = {},
): CaptureClock {
  const capture = new CaptureClock(clock, 90_000, options.wrongRate);
  let read: Frame[] = [];
  let waiting: { frame: Frame; rtpUs: number }[] = [];
  let flushedUs = 0;
  let anchor = 0;
  const flush = () => {
    for (const { frame, rtpUs } of waiting) {
      if (frame.isKeyframe && capture.needsAnchor && anchor > 0) {
        capture.anchor();
        anchor++;
      }
      anchor ||= 1;
      each({ ...frame, timeUs: capture.captureTimeUs(rtpUs), anchor });
    }
    waiting = [];
    flushedUs = clock.nowUs;
  };
  const take = () => {
    const newest = read.at(-1);
    if (newest === undefined) return;
    options.before?.(newest.arrivesUs);
    clock.advanceTo(newest.arrivesUs);
    for (const frame of read) waiting.push({ frame, rtpUs: capture.unwrap(frame.timestamp, frame.isKeyframe) });
    capture.observe();
    read = [];
    if (capture.isSettled && clock.nowUs - flushedUs >= 750_000) flush();
  };
  for (const frame of frames) {
    read.push(frame);
    if (read.length >= (options.batch ?? 1)) take();
  }
  take();
  flush();
  return capture;
}

interface Camera {
  frames: number;
  intervalUs?: number;
  ppm?: number;
  gop?: number;
  firstTimestamp?: number;
  /** Delay of the n-th frame between capture and arrival; a frame never overtakes the one before. */
  delayUs?: (n: number) => number;
  /** By how much the camera's clock is off at the n-th frame. */
  jumpUs?: (n: number) => number;
}

function* camera(options: Camera): Generator<Frame> {
  const {
    frames,
    intervalUs = 40_000,
    ppm = 0,
    gop = 50,
    firstTimestamp = 0xfff0_0000,
    delayUs = () => 20_000,
  } = options;
  let arrivesUs = 0;
  for (let n = 0; n < frames; n++) {
    const capturedUs = 5 * SECOND + n * intervalUs;
    arrivesUs = Math.max(arrivesUs, capturedUs + delayUs(n));
    const cameraUs = n * intervalUs * (1 + ppm / 1e6) + (options.jumpUs?.(n) ?? 0);
    const ticks = (firstTimestamp + Math.round(cameraUs * 0.09)) % 2 ** 32;
    yield { capturedUs, arrivesUs, timestamp: ticks < 0 ? ticks + 2 ** 32 : ticks, isKeyframe: n % gop === 0 };
  }
}

/** A pseudorandom but repeatable number between 0 and 1. */
function noise(n: number): number {
  const x = Math.sin(n * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

/** Maximum error of a frame's capture time, and of its interval compared to the camera's own, µs. */
function judge(clock: SimulatedClock, frames: Iterable<Frame>, options: Options = {}) {
  const worst = { errorUs: 0, intervalUs: 0, anchors: 0, frames: 0, backwards: 0 };
  let last: Timed | undefined;
  const capture = run(
    clock,
    frames,
    (frame) => {
      worst.frames++;
      worst.errorUs = Math.max(worst.errorUs, Math.abs(frame.timeUs - clock.trueWallUs(frame.capturedUs)));
      if (last !== undefined && last.anchor === frame.anchor) {
        const ticks = (frame.timestamp - last.timestamp + 2 ** 32) % 2 ** 32;
        const interval = ticks < 2 ** 31 ? ticks : ticks - 2 ** 32;
        worst.intervalUs = Math.max(worst.intervalUs, Math.abs(frame.timeUs - last.timeUs - interval / 0.09));
        if (frame.timeUs < last.timeUs) worst.backwards++;
      }
      worst.anchors = frame.anchor;
      last = frame;
    },
    options,
  );
  return { ...worst, capture };
}

describe("CaptureClock", () => {
  test("jitter of arrival does not show: intervals are the camera's own, whatever the batch", () => {
    for (const batch of [1, 6, 25]) {
      const clock = new SimulatedClock(START_US);
      const result = judge(clock, camera({ frames: 5000, delayUs: (n) => 5000 + noise(n) * 300_000 }), { batch });
      expect(result.intervalUs).toBeLessThan(25); // 500 ppm of 40 ms, and rounding
      expect(result.errorUs).toBeLessThan(305_000);
      expect(result.anchors).toBe(1);
    }
  });

  test.each([
    [100, 48],
    [-100, 14],
    [0, 14],
  ])(
    "a camera %i ppm off stays within 100 ms of the wall clock for %i hours, across the 32-bit wraps",
    (ppm, hours) => {
      const clock = new SimulatedClock(START_US);
      const frames = camera({
        frames: hours * 3600 * 5,
        intervalUs: 200_000,
        ppm,
        gop: 50,
        delayUs: (n) => 10_000 + noise(n) * 50_000,
      });
      // The host's clock is not ideal: NTP slews it by up to 50 ms, back and forth, within two hours.
      const before = (nowUs: number) => {
        clock.wallStepUs = Math.sin((nowUs / SECOND) * ((2 * Math.PI) / 7200)) * 25_000;
      };
      const result = judge(clock, frames, { before, batch: 2 });
      expect(result.frames).toBe(hours * 3600 * 5);
      expect(result.errorUs).toBeLessThan(100_000);
      expect(result.intervalUs).toBeLessThan(150); // 500 ppm of 200 ms, and rounding
      expect(result.anchors).toBe(1);
      expect(result.capture.driftPpm).toBeCloseTo(ppm, 0);
    },
  );

  test("a GOP of 4 s that the camera sends first, in 300 ms, shifts no time by more than 50 ms", () => {
    for (const batch of [1, 6]) {
      const clock = new SimulatedClock(START_US);
      const delayUs = (n: number) => (n < 100 ? 4 * SECOND - n * 40_000 + n * 3000 : 20_000);
      const result = judge(clock, camera({ frames: 1000, gop: 100, delayUs }), { batch });
      expect(result.errorUs).toBeLessThan(50_000);
      expect(result.anchors).toBe(1);
      expect(result.intervalUs).toBeLessThan(25);
    }
  });

  test("delays of 4 s and 20 s, after which all comes at once, are no jumps and shift nothing", () => {
    for (const stallUs of [4 * SECOND, 20 * SECOND]) {
      for (const batch of [1, 6, 200]) {
        const clock = new SimulatedClock(START_US);
        const stallFrames = stallUs / 40_000;
        const delayUs = (n: number) =>
          n >= 1000 && n < 1000 + stallFrames ? stallUs - (n - 1000) * 40_000 + 20_000 : 20_000;
        const result = judge(clock, camera({ frames: 3000, delayUs }), { batch });
        expect(result).toMatchObject({ anchors: 1, backwards: 0 });
        expect(result.errorUs).toBeLessThan(50_000);
        expect(result.intervalUs).toBeLessThan(25);
      }
    }
  });

  test.each([3_600, -3_600, 1.5, -1.5])(
    "a step of the wall clock by %d s asks for an anchor, and times follow it from there",
    (seconds) => {
      const clock = new SimulatedClock(START_US);
      const times: Timed[] = [];
      run(clock, camera({ frames: 2000 }), (frame) => times.push(frame), {
        before: (nowUs) => {
          if (nowUs > 30 * SECOND) clock.wallStepUs = seconds * SECOND;
        },
      });
      expect(times.at(-1)?.anchor).toBe(2);
      for (const { timeUs, capturedUs, anchor } of times) {
        const expected = clock.trueWallUs(capturedUs) + (anchor === 1 ? 0 : seconds * SECOND);
        expect(Math.abs(timeUs - expected)).toBeLessThan(50_000);
      }
      expect(times.find((frame) => frame.anchor === 2)).toMatchObject({ isKeyframe: true });
    },
  );

  test("a step of the wall clock by less than a second is steered to, 500 ppm at most, without an anchor", () => {
    const clock = new SimulatedClock(START_US);
    const before = (nowUs: number) => {
      if (nowUs > 30 * SECOND) clock.wallStepUs = 300_000;
    };
    const result = judge(clock, camera({ frames: 30_000 }), { before });
    expect(result).toMatchObject({ anchors: 1, backwards: 0 });
    expect(result.intervalUs).toBeLessThan(25);
    expect(Math.abs(result.errorUs - 320_000)).toBeLessThan(25_000);
  });

  test("jumps of the camera's clock by any amount: right again after the anchor, never backwards within a chunk", () => {
    const jump = fc.oneof(
      fc.constantFrom(10, -10, 3600, -3600, 20_000, -20_000, -1.5),
      fc.integer({ min: -20_000, max: 20_000 }),
    );
    fc.assert(
      fc.property(jump, fc.integer({ min: 100, max: 400 }), fc.constantFrom(1, 6, 25), (seconds, at, batch) => {
        fc.pre(seconds > 2 || seconds < -1); // smaller ones are below
        const clock = new SimulatedClock(START_US);
        const frames = camera({
          frames: 1000,
          jumpUs: (n) => (n >= at ? seconds * SECOND : 0),
          delayUs: (n) => 20_000 + noise(n) * 30_000,
        });
        const times: Timed[] = [];
        run(clock, frames, (frame) => times.push(frame), { batch });
        expect(times.at(-1)?.anchor).toBe(2);
        for (const [n, frame] of times.entries()) {
          const last = times[n - 1];
          if (last !== undefined && last.anchor === frame.anchor) expect(frame.timeUs).toBeGreaterThan(last.timeUs - 1);
          // Between jump and anchor times are by arrival: the error is up to the length of a batch.
          const toleranceUs = n < at || frame.anchor === 2 ? 60_000 : 60_000 + batch * 40_000;
          expect(Math.abs(frame.timeUs - clock.trueWallUs(frame.capturedUs))).toBeLessThan(
            toleranceUs + (batch - 1) * 40_000,
          );
        }
        const anchored = times.filter((frame) => frame.anchor === 2);
        const off = Math.abs((anchored.at(-1)?.timeUs ?? 0) - clock.trueWallUs(anchored.at(-1)?.capturedUs ?? 0));
        expect(off).toBeLessThan(60_000);
      }),
      { numRuns: 60 },
    );
  });

  test("B-frames: times go back and forth as the pictures do, and none counts as a jump", () => {
    const clock = new SimulatedClock(START_US);
    const reorder = [0, 3, 1, 2];
    const ordered = [...camera({ frames: 3000, gop: 48 })];
    const frames = ordered.map((frame, n) => {
      const shown = ordered[Math.min(2999, n - (n % 4) + (reorder[n % 4] as number))] as Frame;
      return {
        ...frame,
        capturedUs: shown.capturedUs,
        timestamp: shown.timestamp,
        arrivesUs: frame.capturedUs + 150_000,
      };
    });
    const result = judge(clock, frames);
    expect(result.anchors).toBe(1);
    expect(result.intervalUs).toBeLessThan(70);
    expect(result.errorUs).toBeLessThan(200_000);
  });

  test.each([
    [-0.9, 510],
    [-0.3, 500],
    [-0.05, 550],
  ])("a camera's clock that steps back by %d s at frame %i is told from B-frames, and anchored anew", (seconds, at) => {
    const clock = new SimulatedClock(START_US);
    const times: Timed[] = [];
    run(clock, camera({ frames: 2000, jumpUs: (n) => (n >= at ? seconds * SECOND : 0) }), (frame) => times.push(frame));
    expect(times.at(-1)?.anchor).toBe(2);
    for (const { timeUs, capturedUs, anchor } of times) {
      const toleranceUs = anchor === 2 ? 30_000 : -seconds * SECOND + 30_000;
      expect(Math.abs(timeUs - clock.trueWallUs(capturedUs))).toBeLessThan(toleranceUs);
    }
    const earlier = times.filter((frame, n) => n > 0 && frame.timeUs < (times[n - 1] as Timed).timeUs);
    expect(earlier.length).toBeLessThanOrEqual(2); // the step itself, and the anchor
  });

  test("a camera's clock that steps ahead by less than two seconds is steered to: no anchor is more than a second off", () => {
    const clock = new SimulatedClock(START_US);
    const result = judge(clock, camera({ frames: 20_000, jumpUs: (n) => (n >= 1000 ? 900_000 : 0) }));
    expect(result).toMatchObject({ anchors: 1, backwards: 0 });
    expect(result.errorUs).toBeLessThan(950_000);
    expect(result.intervalUs).toBeLessThan(500); // 500 ppm of the step, once
  });

  test.each([
    ["counts milliseconds", 1 / 90],
    ["stands still", 0],
    ["runs ten times too fast", 10],
    ["runs a third too slow", 2 / 3],
  ])("a camera whose RTP clock %s is found out, and its frames are timed by their arrival", (_what, rate) => {
    const clock = new SimulatedClock(START_US);
    const timestamp = (n: number) => Math.round(1e9 + n * 3600 * rate);
    const frames = [...camera({ frames: 10_000, delayUs: (n) => 20_000 + noise(n) * 30_000 })].map((frame, n) => ({
      ...frame,
      timestamp: timestamp(n),
    }));
    const times: Timed[] = [];
    const capture = run(clock, frames, (frame) => times.push(frame), { batch: 6 });
    expect(capture.wrongRate).toBeCloseTo(rate, 1);
    for (const { timeUs, capturedUs } of times.slice(2000)) {
      expect(Math.abs(timeUs - clock.trueWallUs(capturedUs))).toBeLessThan(400_000);
    }
    const anchors = (times.at(-1)?.anchor ?? 0) - (times[2000]?.anchor ?? 0);
    expect(anchors, "anchors in the last five minutes").toBeLessThan(3);
    // The camera's next session applies it from the first frame on.
    const { rateVerdict } = capture;
    const nextClock = new SimulatedClock(START_US);
    const next: Timed[] = [];
    run(nextClock, frames.slice(0, 2000), (frame) => next.push(frame), {
      batch: 6,
      wrongRate: rateVerdict as WrongRate,
    });
    for (const { timeUs, capturedUs } of next) {
      expect(Math.abs(timeUs - nextClock.trueWallUs(capturedUs))).toBeLessThan(400_000);
    }
  });

  test("a camera whose clock was wrong in an earlier session, and is right now, is timed by it again", () => {
    const clock = new SimulatedClock(START_US);
    const wrongRate = { rate: 1 / 90, frameIntervalUs: 66_667 };
    const capture = run(clock, camera({ frames: 2000 }), () => {}, { batch: 6, wrongRate });
    expect(capture.wrongRate).toBeUndefined();
    expect(capture.rateVerdict).toBeUndefined();
  });

  test("a camera that sends half its frames for a while, or nothing, is no camera with a wrong clock", () => {
    const clock = new SimulatedClock(START_US);
    const all = [
      ...camera({ frames: 20_000, delayUs: (n) => (n % 4000 > 2000 && n % 4000 < 2500 ? 8_000_000 : 20_000) }),
    ];
    const capture = run(
      clock,
      all.filter((_, n) => n < 5000 || n > 8000 || n % 2 === 0),
      () => {},
      { batch: 6 },
    );
    expect(capture.wrongRate).toBeUndefined();
  });

  test.each([1, 600, 36_000])("a host that sleeps for %i s: times are right from the next keyframe on", (seconds) => {
    // While it is suspended its monotonic clock stops; what the camera sent meanwhile is lost.
    const clock = new SimulatedClock(START_US);
    const sleptUs = seconds * SECOND;
    const frames = [...camera({ frames: 2000 + seconds * 25 })]
      .filter((_, n) => n < 1000 || n >= 1000 + seconds * 25)
      .map((frame, n) => (n < 1000 ? frame : { ...frame, arrivesUs: frame.arrivesUs - sleptUs }));
    const times: Timed[] = [];
    run(clock, frames, (frame) => times.push(frame), {
      before: (nowUs) => {
        if (nowUs > (frames[999] as Frame).arrivesUs) clock.wallStepUs = sleptUs;
      },
    });
    const awake = times.slice(1000);
    const anchored = seconds < 2 ? awake : awake.slice(awake.findIndex(({ isKeyframe }) => isKeyframe));
    for (const { timeUs, capturedUs } of anchored) {
      expect(Math.abs(timeUs - clock.trueWallUs(capturedUs))).toBeLessThan(60_000);
    }
  });

  test("the capture time of any timestamp near the newest is told as a frame's would be", () => {
    const clock = new SimulatedClock(START_US);
    const times: Timed[] = [];
    const capture = run(clock, camera({ frames: 500 }), (frame) => times.push(frame));
    const known = times[490] as Timed;
    expect(Math.abs((capture.captureTimeOfTimestamp(known.timestamp) ?? 0) - known.timeUs)).toBeLessThan(50);
  });

  test("whatever timestamps a camera sends, times are whole numbers that a chunk can hold", () => {
    const frame = fc.tuple(fc.oneof(fc.nat(2 ** 32 - 1), fc.nat(10_000)), fc.nat(500_000), fc.boolean());
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, START_US),
        fc.constantFrom(1, 7),
        (list, start, batch) => {
          const clock = new SimulatedClock(start);
          let arrivesUs = 0;
          const frames = list.map(([timestamp, laterUs, isKeyframe]) => {
            arrivesUs += laterUs;
            return { capturedUs: 0, arrivesUs, timestamp, isKeyframe };
          });
          run(
            clock,
            frames,
            ({ timeUs }) => {
              expect(Number.isSafeInteger(timeUs) && timeUs >= 0).toBe(true);
              // off from the wall clock by no more than the cached GOP that a camera may send first
              expect(timeUs - start).toBeLessThan(arrivesUs + 200 * 62 * SECOND);
            },
            { batch },
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
