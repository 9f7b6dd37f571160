import { expect } from "vitest";
import type { RecordedFrame } from "./mp4-evidence.ts";

/** A frame as its sender logged it. */
export interface SentFrame {
  sha256: string;
  captureTimeUs: number;
}

/**
 * Expects that the recorded frames are an unbroken run of the sent ones: from the first recorded frame, each once, in
 * order, nothing else, up to at least the last frame sent before `untilUs`. Returns the part of `sent` that was
 * recorded.
 */
export function expectUnbrokenRun<Sent extends SentFrame>(
  what: string,
  recorded: readonly { sha256: string }[],
  sent: readonly Sent[],
  untilUs: number,
): Sent[] {
  expect(recorded.length, `${what}: frames recorded`).toBeGreaterThan(0);
  const first = sent.findIndex((frame) => frame.sha256 === recorded[0]?.sha256);
  expect(first, `${what}: the first frame recorded was sent`).toBeGreaterThanOrEqual(0);
  const expected = sent.slice(first, first + recorded.length);
  const wrong = recorded.findIndex((frame, index) => frame.sha256 !== expected[index]?.sha256);
  const found = sent.findIndex((frame, i) => i > first + wrong && frame.sha256 === recorded[wrong]?.sha256) - first;
  const how = wrong === -1 ? "" : `; sent frame ${found} is there, ${describe(expected[wrong])} is not`;
  expect(wrong, `${what}: index of the first frame that is lost, doubled or out of order${how}`).toBe(-1);
  const missing = sent.slice(first + recorded.length).filter((frame) => frame.captureTimeUs < untilUs);
  expect(missing.length, `${what}: frames missing at the end`).toBe(0);
  return expected;
}

/** The sender's log entry of a frame, without its hash. */
function describe(frame: SentFrame | undefined): string {
  return JSON.stringify({ ...frame, sha256: undefined });
}

/** Expects every frame's capture time to be within `toleranceMs` of that in the sender's log. */
export function expectTimes(
  what: string,
  recorded: readonly (RecordedFrame & { captureTimeUs: number })[],
  expected: readonly SentFrame[],
  toleranceMs: number,
): void {
  let worstMs = 0;
  for (const [index, frame] of recorded.entries()) {
    worstMs = Math.max(worstMs, Math.abs(frame.captureTimeUs - (expected[index] as SentFrame).captureTimeUs) / 1000);
  }
  expect(worstMs, `${what}: largest error of a capture time, ms`).toBeLessThan(toleranceMs);
}
