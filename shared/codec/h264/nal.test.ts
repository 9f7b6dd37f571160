import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BitReader } from "../bit-reader.ts";
import { removeEmulationPrevention, splitAnnexB } from "../nal-units.ts";
import { isVcl, nalType } from "./nal.ts";

/** Inserts emulation prevention bytes as an encoder does (ITU-T H.264 §7.4.1.1). */
function addEmulationPrevention(bytes: Uint8Array): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros === 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}

const fewValues = fc
  .array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 0x65, 255), { maxLength: 60 })
  .map((list) => Uint8Array.from(list));

describe("NAL units (ITU-T H.264 §7.3.1, Annex B)", () => {
  test("emulation prevention that an encoder put in is taken out again", () => {
    fc.assert(
      fc.property(fewValues, (bytes) => {
        expect(removeEmulationPrevention(addEmulationPrevention(bytes))).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test("NAL units behind start codes of three or four bytes are found again, whole and in order", () => {
    const nals = fewValues.map((bytes) =>
      Buffer.concat([Buffer.from([0x41]), addEmulationPrevention(bytes), Buffer.from([0x80])]),
    );
    const startCode = fc.constantFrom("000001", "00000001", "0000000001").map((hex) => Buffer.from(hex, "hex"));
    fc.assert(
      fc.property(fc.array(fc.tuple(startCode, nals), { maxLength: 8 }), fc.nat(3), (parts, trailingZeros) => {
        const stream = Buffer.concat([...parts.flat(), Buffer.alloc(trailingZeros)]);
        expect(splitAnnexB(stream)).toEqual(parts.map(([, nal]) => nal));
      }),
      { numRuns: 500 },
    );
  });

  test("what has no start code, or nothing behind it, holds no NAL unit", () => {
    for (const hex of ["", "65", "0000", "000001", "00000001000001", "650000"])
      expect(splitAnnexB(Buffer.from(hex, "hex"))).toEqual([]);
  });

  test("types are told by the low five bits; 1 to 5 are pictures", () => {
    expect([0x67, 0x27, 0x68, 0x65, 0x41, 0x09, 0x06].map(nalType)).toEqual([7, 7, 8, 5, 1, 9, 6]);
    expect([0, 1, 2, 5, 6, 7, 24, 28].filter(isVcl)).toEqual([1, 2, 5]);
  });
});

describe("BitReader (ITU-T H.264 §9.1)", () => {
  /** ue(v) as text of zeros and ones, by the table of §9.1. */
  const ue = (value: number) => {
    const bits = (value + 1).toString(2);
    return "0".repeat(bits.length - 1) + bits;
  };
  const toBytes = (bits: string) =>
    Buffer.from(
      (bits.padEnd(Math.ceil(bits.length / 8) * 8, "1").match(/.{8}/g) ?? []).map((b) => Number.parseInt(b, 2)),
    );

  test("Exp-Golomb codes come back, signed and unsigned", () => {
    const values = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 2 ** 31 - 2 })), { maxLength: 20 });
    fc.assert(
      fc.property(values, (list) => {
        const bytes = toBytes(list.map(ue).join(""));
        const unsigned = new BitReader(bytes);
        expect(list.map(() => unsigned.unsignedExpGolomb())).toEqual(list);
        const signed = new BitReader(bytes);
        expect(list.map(() => signed.signedExpGolomb() + 0)).toEqual(
          list.map((k) => (k % 2 === 1 ? (k + 1) / 2 : -k / 2 + 0)),
        );
      }),
    );
  });

  test("bits are the most significant first, up to 32, and past the end is a RangeError", () => {
    const reader = new BitReader(Buffer.from("80ffffffff7f", "hex"));
    expect([reader.bit(), reader.bits(7), reader.bits(32), reader.bits(8)]).toEqual([1, 0, 0xffff_ffff, 0x7f]);
    expect(() => reader.bit()).toThrow(RangeError);
    expect(() => new BitReader(Buffer.alloc(100)).unsignedExpGolomb()).toThrow(RangeError);
  });
});
