import fc from "fast-check";
import { expect, test } from "vitest";
import { H264 } from "../codec/h264/h264.ts";
import { decodeFrame, encodeFrame, FRAME_HEADER_BYTES } from "./frame-message.ts";

test("a frame survives the way through its message", () => {
  const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const header = fc.record({
    codec: fc.constant(H264),
    isKeyframe: fc.boolean(),
    source: uint32,
    sequence: uint32,
    captureTimeUs: fc.maxSafeNat(),
  });
  const bytes = fc.uint8Array({ minLength: 5, maxLength: 200 });
  fc.assert(
    fc.property(header, bytes, fc.nat(20), (given, data, before) => {
      const around = Buffer.concat([Buffer.alloc(before, 0xee), data, Buffer.from([0xee])]);
      const frame = decodeFrame(encodeFrame(given, around, before, before + data.length));
      expect(frame).toEqual({ ...given, data: Buffer.from(data) });
    }),
  );
});

test("whatever else comes is no frame, or one whose numbers are numbers; nothing throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const frame = decodeFrame(Buffer.from(bytes));
      if (bytes.length < FRAME_HEADER_BYTES + 5 || bytes[0] !== 0) expect(frame).toBeUndefined();
      else if (frame !== undefined) {
        expect(Number.isSafeInteger(frame.captureTimeUs)).toBe(true);
        expect(frame.data.length).toBe(bytes.length - FRAME_HEADER_BYTES);
      }
    }),
  );
});
