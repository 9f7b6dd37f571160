import { expect, test } from "vitest";
import type { Clip } from "./clip.ts";
import { clipParameters } from "./clip-parameters.ts";
import { FrameSource, type SourceFrame } from "./frame-source.ts";

/** A clip with these display indices; those in `keyframes` are keyframes. */
function clipOf(displayIndices: number[], keyframes: number[]): Clip {
  const frames = displayIndices.map((displayIndex, i) => ({
    displayIndex,
    keyframe: keyframes.includes(i),
    slices: [],
  }));
  return { parameters: clipParameters({}), sps: Buffer.alloc(1), pps: Buffer.alloc(1), frames, reorderFrames: 0 };
}

function take(source: FrameSource, count: number): SourceFrame[] {
  return Array.from({ length: count }, () => source.next());
}

test("a looped clip counts its display indices on", () => {
  const source = new FrameSource({ clip: clipOf([0, 2, 1], [0]) });
  expect(take(source, 6).map((frame) => frame.displayIndex)).toEqual([0, 2, 1, 3, 5, 4]);
});

test("a clip looped without its keyframe has one only as often as wanted", () => {
  const clip = clipOf([0, 1, 2], [0]);
  const source = new FrameSource({ clip, keyframeEvery: 5 });
  const frames = take(source, 11);
  expect(frames.map((frame) => frame.clipIndex)).toEqual([0, 1, 2, 1, 2, 0, 1, 2, 1, 2, 0]);
  expect(frames.map((frame) => frame.displayIndex)).toEqual(frames.map((_, i) => i));
  const endless = new FrameSource({ clip, keyframeEvery: Infinity });
  expect(take(endless, 100).filter((frame) => frame.frame.keyframe)).toHaveLength(1);
});

test("a change of clips waits for the next keyframe, and does not where there is none to come", () => {
  const first = clipOf([0, 1, 2, 3], [0, 2]);
  const second = clipOf([0, 1], [0]);
  const source = new FrameSource({ clip: first });
  take(source, 1);
  source.change({ clip: second, keyframeEvery: Infinity });
  expect(take(source, 4).map((frame) => [frame.clip === first, frame.displayIndex])).toEqual([
    [true, 1],
    [false, 2],
    [false, 3],
    [false, 4],
  ]);
  source.change({ clip: first });
  expect(source.next()).toMatchObject({ clip: first, clipIndex: 0, displayIndex: 5 });
});
