import { expect, test } from "vitest";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import { FrameOrder } from "./frame-order.ts";

const frame = (source: number, sequence: number, isKeyframe = false): LiveFrame => ({
  codec: H264,
  source,
  sequence,
  isKeyframe,
  captureTimeUs: 0,
  data: Buffer.alloc(0),
});

test("begins with a keyframe, and after a gap goes on with the next one", () => {
  const order = new FrameOrder();
  const shown = [
    order.accepts(frame(1, 5), 0),
    order.accepts(frame(1, 6, true), 0),
    order.accepts(frame(1, 7), 0),
    order.accepts(frame(1, 9), 0),
    order.accepts(frame(1, 10), 0),
    order.accepts(frame(1, 11, true), 0),
    order.accepts(frame(1, 12), 0),
  ];
  expect(shown).toEqual([false, true, true, false, false, true, true]);
});

test("sequence numbers wrap", () => {
  const order = new FrameOrder();
  expect(order.accepts(frame(1, 2 ** 32 - 1, true), 0)).toBe(true);
  expect(order.accepts(frame(1, 0), 0)).toBe(true);
});

test("of two recorders the one that began last is shown, and not the two in turn", () => {
  const order = new FrameOrder();
  order.accepts(frame(1, 0, true), 0);
  expect(order.accepts(frame(2, 0, true), 10)).toBe(true);
  expect(order.accepts(frame(1, 1), 20)).toBe(false);
  expect(order.accepts(frame(1, 2, true), 30)).toBe(false);
  expect(order.accepts(frame(2, 1), 40)).toBe(true);
});

test("when a run falls silent, another one takes its place at a keyframe", () => {
  const order = new FrameOrder();
  order.accepts(frame(1, 0, true), 0);
  expect(order.accepts(frame(2, 8), 2000)).toBe(false);
  expect(order.accepts(frame(2, 9, true), 2000)).toBe(true);
  expect(order.accepts(frame(2, 10), 2000)).toBe(true);
});
