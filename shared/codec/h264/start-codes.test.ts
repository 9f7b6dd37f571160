import fc from "fast-check";
import { expect, test } from "vitest";
import { START_CODE } from "../nal-units.ts";
import { startCodesToLengths } from "./start-codes.ts";

/** A NAL unit: without 00 00 00 and 00 00 01 in it, and with no zero at its end. */
const nal = fc
  .array(fc.oneof(fc.constant(0), fc.constant(1), fc.constant(3), fc.nat(255)), { minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes))
  .filter((bytes) => bytes.at(-1) !== 0)
  .filter((bytes) => !bytes.includes(Buffer.from([0, 0, 0])) && !bytes.includes(Buffer.from([0, 0, 1])));

test("each NAL unit gets its length in the place of its start code, and keeps its bytes", () => {
  fc.assert(
    fc.property(fc.array(nal, { minLength: 1, maxLength: 8 }), (nals) => {
      const unit = Buffer.concat(nals.flatMap((bytes) => [START_CODE, bytes]));
      const size = unit.length;
      startCodesToLengths(unit);
      expect(unit.length).toBe(size);
      const found: Buffer[] = [];
      for (let at = 0; at < unit.length; ) {
        const length = unit.readUInt32BE(at);
        found.push(unit.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      }
      expect(found).toEqual(nals);
    }),
  );
});

test("a start code of three bytes, which a recorder writes only as part of a NAL unit, changes no byte of it", () => {
  const bytes = [0x65, 1, 2, 0, 0, 1, 0x65, 3];
  const unit = Buffer.from([0, 0, 0, 1, ...bytes, 0, 0, 0, 1, 0x65]);
  startCodesToLengths(unit);
  expect([...unit]).toEqual([0, 0, 0, bytes.length, ...bytes, 0, 0, 0, 1, 0x65]);
});

test("what does not begin with a start code of four bytes is refused", () => {
  expect(() => startCodesToLengths(Buffer.from([0, 0, 1, 0x65, 1, 2]))).toThrow(RangeError);
  expect(() => startCodesToLengths(Buffer.from([0x65, 1, 2, 3, 4]))).toThrow(RangeError);
});
