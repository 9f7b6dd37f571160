import { expect, test } from "vitest";
import { CameraMemory } from "./camera-memory.ts";
import { Silence } from "./silence.ts";

const STALL_MS = 5000;
const TICK_INTERVAL_MS = 250;

/** A camera in simulated time: what it sends, and when, in ms. */
interface Habits {
  frameMs: number;
  /** When it stops sending frames. */
  untilMs?: number;
  reportMs?: number;
  /** Whether it answers keep-alives. */
  answers?: boolean;
}

/**
 * Plays a camera for `forMs`, in as many sessions as needed: each begins with a frame. Returns when each was given up.
 */
function play(habits: Habits, forMs: number, memory = new CameraMemory()): number[] {
  const { frameMs, untilMs = Number.POSITIVE_INFINITY, reportMs = Number.POSITIVE_INFINITY, answers = false } = habits;
  const ends: number[] = [];
  let sinceMs = 1_000_000;
  const endMs = sinceMs + forMs;
  while (sinceMs < endMs) {
    const silence = new Silence(STALL_MS, memory);
    let answeredMs: number | undefined;
    let askedMs = sinceMs;
    let nowMs = sinceMs;
    for (; nowMs < endMs; nowMs += TICK_INTERVAL_MS) {
      if (nowMs - sinceMs <= untilMs && (nowMs - sinceMs) % frameMs === 0) silence.video(nowMs);
      if (nowMs > sinceMs && (nowMs - sinceMs) % reportMs === 0) silence.report(nowMs);
      if (silence.isStalled(nowMs, answeredMs)) break;
      const intervalMs = silence.questionIntervalMs(nowMs);
      if (intervalMs === undefined || nowMs - askedMs < intervalMs) continue;
      askedMs = nowMs;
      if (answers) answeredMs = nowMs;
    }
    if (nowMs < endMs) {
      silence.stalled(answeredMs);
      ends.push(nowMs - sinceMs);
    }
    sinceMs = nowMs + 1000;
  }
  return ends;
}

test("one frame in 8 s (Axis, ex_nvr #915), reports every 5 s: one session, whether or not it answers", () => {
  expect(play({ frameMs: 8000, reportMs: 5000, answers: true }, 300_000)).toEqual([]);
  expect(play({ frameMs: 8000, reportMs: 5000 }, 300_000)).toEqual([]);
});

test("the same without reports: known after two sessions, and to all that follow", () => {
  const memory = new CameraMemory();
  expect(play({ frameMs: 8000, answers: true }, 300_000, memory)).toHaveLength(2);
  expect(play({ frameMs: 8000, answers: true }, 300_000, memory)).toEqual([]);
});

test("one that becomes slower and slower is followed, to a frame a minute", () => {
  const memory = new CameraMemory();
  for (const frameMs of [8000, 20_000, 60_000]) {
    expect(play({ frameMs, reportMs: 5000, answers: true }, 300_000, memory)).toEqual([]);
  }
});

test("a camera that is silent altogether is given up after stallTimeout, however it was before", () => {
  const memory = new CameraMemory();
  play({ frameMs: 8000, reportMs: 5000, answers: true }, 60_000, memory);
  for (const known of [new CameraMemory(), memory]) {
    const [first] = play({ frameMs: 250, untilMs: 10_000 }, 60_000, known);
    expect(first).toBe(10_000 + STALL_MS + TICK_INTERVAL_MS);
  }
});

test("one that sent steadily and only answers now has stalled after stallTimeout: its encoder hangs", () => {
  const ends = play({ frameMs: 250, untilMs: 10_000, answers: true }, 100_000);
  expect(new Set(ends)).toEqual(new Set([10_000 + STALL_MS + TICK_INTERVAL_MS]));
});

test("one that only sends reports has stalled after three times stallTimeout", () => {
  const [first] = play({ frameMs: 250, untilMs: 10_000, reportMs: 1000, answers: true }, 60_000);
  expect(first).toBe(10_000 + 3 * STALL_MS + TICK_INTERVAL_MS);
});

test("of one known to pause, the same after three times its longest pause", () => {
  const memory = new CameraMemory();
  play({ frameMs: 8000, reportMs: 5000, answers: true }, 60_000, memory);
  const [first] = play({ frameMs: 8000, untilMs: 8000, reportMs: 5000, answers: true }, 60_000, memory);
  expect(first).toBe(8000 + 3 * 8000 + TICK_INTERVAL_MS);
});

test("one that hangs after a moment of each session is begun anew nearly as often as if it were silent", () => {
  const ends = play({ frameMs: 250, untilMs: 1000, answers: true }, 120_000);
  const quick = 1000 + STALL_MS + TICK_INTERVAL_MS;
  const patient = 1000 + 3 * STALL_MS + TICK_INTERVAL_MS;
  expect(ends.slice(0, 6)).toEqual([quick, quick, patient, quick, quick, patient]);
});

test("before the first frame nothing is judged, and nothing is asked", () => {
  const silence = new Silence(STALL_MS, new CameraMemory());
  expect(silence.isStalled(1e9, undefined)).toBe(false);
  expect(silence.questionIntervalMs(1e9)).toBeUndefined();
});
