import { expect, test } from "vitest";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import { decodeFrame } from "../../../shared/live/frame-message.ts";
import { type FrameSink, LivePublisher, MAX_BYTES_UNDER_WAY } from "./live-publisher.ts";

/** A Redis that takes messages and answers when the test says so. */
class SlowSink implements FrameSink {
  isReady = true;
  readonly taken: Buffer[] = [];
  readonly answers: (() => void)[] = [];

  publish(_channel: string, message: Buffer): Promise<void> {
    this.taken.push(message);
    return new Promise((resolve) => this.answers.push(resolve));
  }

  async answerAll(): Promise<void> {
    for (const answer of this.answers.splice(0)) answer();
    await Promise.resolve();
  }
}

const frame = (captureTimeUs: number, isKeyframe: boolean) => ({ codec: H264, captureTimeUs, isKeyframe });
const FRAME = Buffer.alloc(1024 * 1024, 0x41);

test("a Redis that does not answer is given no more than the bound, however many frames come", () => {
  const sink = new SlowSink();
  const publisher = new LivePublisher(sink);
  const run = publisher.run("yard");
  for (let i = 0; i < 200; i++) run.send(frame(i, i === 0 || i > 100), FRAME, 0, FRAME.length);
  expect(publisher.bytesUnderWay).toBeLessThanOrEqual(MAX_BYTES_UNDER_WAY);
  expect(sink.taken.length).toBe(MAX_BYTES_UNDER_WAY / FRAME.length);
  expect(publisher.droppedFrames).toBeGreaterThan(0);
});

test("after frames were dropped it goes on with a keyframe, and the gap can be seen", async () => {
  const sink = new SlowSink();
  const publisher = new LivePublisher(sink);
  const run = publisher.run("yard");
  for (let i = 0; i < 40; i++) run.send(frame(i, i === 0), FRAME, 0, FRAME.length);
  const before = sink.taken.splice(0).length;
  await sink.answerAll();
  run.send(frame(40, false), FRAME, 0, FRAME.length);
  expect(sink.taken).toEqual([]);
  run.send(frame(41, true), FRAME, 0, FRAME.length);
  const sent = decodeFrame(sink.taken[0] as Buffer);
  expect(sent).toMatchObject({ isKeyframe: true, captureTimeUs: 41 });
  expect(sent?.sequence).toBeGreaterThan(before);
});

test("while Redis is away nothing is sent, nothing is held and nothing throws", () => {
  const sink = new SlowSink();
  sink.isReady = false;
  const publisher = new LivePublisher(sink);
  publisher.run("yard").send(frame(1, true), FRAME, 0, FRAME.length);
  expect([sink.taken.length, publisher.bytesUnderWay]).toEqual([0, 0]);
});

test("a run begins with a keyframe", () => {
  const sink = new SlowSink();
  const run = new LivePublisher(sink).run("yard");
  run.send(frame(1, false), FRAME, 0, 10);
  run.send(frame(2, true), FRAME, 0, 10);
  expect(sink.taken.map((message) => decodeFrame(message)?.sequence)).toEqual([0]);
});
