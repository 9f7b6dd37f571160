import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLOCK_HEADER_BYTES, MAX_BLOCK_BYTES, readBlockHeader, writeBlockHeader } from "./format.ts";

describe("the header of a block", () => {
  test("is version, length and time, 1 + 8 + 8 bytes, big-endian", () => {
    const bytes = Buffer.alloc(BLOCK_HEADER_BYTES);
    writeBlockHeader(bytes, 0, { kind: 0, length: 0x0123_4567, timeUs: 1_771_459_200_123_456 });
    const expected = Buffer.alloc(17);
    expected.writeBigUInt64BE(0x0123_4567n, 1);
    expected.writeBigUInt64BE(1_771_459_200_123_456n, 9);
    expect(bytes).toEqual(expected);
    expect(BLOCK_HEADER_BYTES).toBe(17);
  });

  test("comes back as it was written, at any offset, and touches nothing beside it", () => {
    const numbers = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.nat(255), fc.nat(MAX_BLOCK_BYTES), numbers, fc.nat(20), (kind, length, timeUs, offset) => {
        const bytes = Buffer.alloc(60, 0xee);
        writeBlockHeader(bytes, offset, { kind, length, timeUs });
        expect(readBlockHeader(bytes, offset)).toEqual({ kind, length, timeUs });
        bytes.fill(0xee, offset, offset + BLOCK_HEADER_BYTES);
        expect(bytes).toEqual(Buffer.alloc(60, 0xee));
      }),
    );
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("is not written with the time %d", (timeUs) => {
    expect(() => writeBlockHeader(Buffer.alloc(17), 0, { kind: 0, length: 1, timeUs })).toThrow(RangeError);
  });

  test("is never read from what is torn or cannot be one", () => {
    const bytes = Buffer.alloc(17);
    for (let length = 0; length < 17; length++) expect(readBlockHeader(bytes.subarray(0, length), 0)).toBeUndefined();
    expect(readBlockHeader(bytes, 1)).toBeUndefined();
    bytes.writeBigUInt64BE(BigInt(MAX_BLOCK_BYTES) + 1n, 1);
    expect(readBlockHeader(bytes, 0)).toBeUndefined();
    bytes.writeBigUInt64BE(1n, 1);
    bytes.writeBigUInt64BE(2n ** 53n, 9);
    expect(readBlockHeader(bytes, 0)).toBeUndefined();
  });

  test("is a header or nothing, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 17, maxLength: 17 }), (bytes) => {
        const header = readBlockHeader(Buffer.from(bytes), 0);
        if (header === undefined) return;
        const again = Buffer.alloc(17);
        writeBlockHeader(again, 0, header);
        expect(again).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
