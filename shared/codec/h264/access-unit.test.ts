import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitAccessUnit } from "./access-unit.ts";
import { randomAccessOf } from "./random-access.ts";
import { startCodesToLengths } from "./start-codes.ts";

const CODE = Buffer.from([0, 0, 0, 1]);
const bytes = (...values: number[]) => Buffer.from(values);
const unitOf = (...nals: Buffer[]) => Buffer.concat(nals.flatMap((nal) => [CODE, nal]));

/** An SEI with one user data message, without emulation prevention, as ONVIF Media Signing sends it. */
function plainSei(payload: Buffer, type = 5): Buffer {
  const sizes = [...Array(Math.floor(payload.length / 255)).fill(255), payload.length % 255];
  return Buffer.concat([bytes(6, type, ...sizes), payload, bytes(0x80)]);
}

/**
 * The same with emulation prevention (ITU-T H.264 §7.4.1): 03 inserted before each byte up to 03 that follows two
 * zeros.
 */
function escapedSei(payload: Buffer): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of plainSei(payload)) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}

const SPS = bytes(0x67, 0x64, 0, 0x1f, 0xac);
const PPS = bytes(0x68, 0xee, 0x3c, 0x80);
const IDR = bytes(0x65, 0x88, 0x84, 0x21, 0xa0);
const P_SLICE = bytes(0x41, 0x9a, 0x21, 0x6c);
/** Looks like a whole keyframe, with start codes of three and of four bytes. */
const BAIT = Buffer.concat([Buffer.alloc(20, 0xa5), unitOf(SPS, PPS, IDR), bytes(0, 0, 1), IDR, Buffer.alloc(3000, 7)]);

/**
 * Expects that everything that reads an access unit sees these NAL units in it, and that the mp4's sample has them byte
 * for byte.
 */
function expectNals(nals: Buffer[], isKeyframe: boolean): void {
  const unit = unitOf(...nals);
  expect(splitAccessUnit(unit)).toEqual(nals);
  const access = isKeyframe ? "clean" : "none";
  expect(randomAccessOf(unit, true)).toBe(access);
  for (const length of [20, 128, 300, 3200]) {
    if (length >= unit.length) continue;
    expect([undefined, access]).toContain(randomAccessOf(unit.subarray(0, length), false));
  }
  const sample = Buffer.from(unit);
  startCodesToLengths(sample);
  const found: Buffer[] = [];
  for (let at = 0; at < sample.length; at += 4 + sample.readUInt32BE(at)) {
    found.push(sample.subarray(at + 4, at + 4 + sample.readUInt32BE(at)));
  }
  expect(found).toEqual(nals);
}

describe("an SEI that holds start codes", () => {
  test("is kept whole, and makes no keyframe of a P-picture", () => {
    expectNals([plainSei(BAIT), P_SLICE], false);
    expectNals([bytes(9, 0xf0), plainSei(BAIT, 4), P_SLICE, P_SLICE], false);
    expectNals([P_SLICE, plainSei(BAIT)], false);
  });

  test("is kept whole before a keyframe", () => {
    expectNals([bytes(9, 0x10), SPS, PPS, plainSei(unitOf(P_SLICE)), IDR], true);
    expectNals([SPS, PPS, escapedSei(BAIT), plainSei(BAIT), IDR, IDR], true);
  });

  test("of 60 kB is kept whole", () => {
    expectNals(
      [plainSei(Buffer.concat(Array(15).fill(BAIT.subarray(0, 3000)).concat(Buffer.alloc(15_000, 7)))), IDR],
      true,
    );
  });

  test("of which a hostile camera joins a hundred thousand costs no more than their bytes", () => {
    // By its sizes, each SEI continues through all that follow: searching all of it for each would take minutes.
    const sei = bytes(6, 5, 5, 0, 0, 0, 1);
    const unit = Buffer.concat([CODE, ...Array(150_000).fill(sei), bytes(6, 5, 1)]);
    expect(splitAccessUnit(unit)).toHaveLength(150_001);
  });

  test("of several messages is kept whole", () => {
    const messages = Buffer.concat([bytes(6, 1, 1, 0x40), plainSei(BAIT).subarray(1, -1), plainSei(BAIT).subarray(1)]);
    expectNals([messages, P_SLICE], false);
  });

  test("whose sizes make no sense is cut at a start code, which changes no size and makes no keyframe of a P-picture", () => {
    const bad = Buffer.concat([bytes(6, 5, 200), unitOf(IDR), bytes(1, 2, 3)]);
    const unit = unitOf(bad, P_SLICE);
    expect(randomAccessOf(unit, true)).toBe("none");
    expect(randomAccessOf(unit.subarray(0, unit.length - 2), false)).toBeUndefined();
    expect(randomAccessOf(unitOf(SPS, PPS, Buffer.concat([bytes(6, 5, 200), unitOf(P_SLICE)]), IDR), true)).toBe(
      "clean",
    );
    const sample = Buffer.from(unit);
    startCodesToLengths(sample);
    let at = 0;
    while (at < sample.length) at += 4 + sample.readUInt32BE(at);
    expect(at).toBe(sample.length);
  });
});

test("whatever an SEI with emulation prevention holds, it ends where the next start code is", () => {
  const payload = fc
    .array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 0x80, 0xff), { maxLength: 400 })
    .map((values) => Buffer.from(values));
  const slice = fc
    .array(fc.constantFrom(5, 6, 0x80, 0xff), { minLength: 1, maxLength: 300 })
    .map((values) => Buffer.from([0x41, ...values]));
  fc.assert(
    fc.property(payload, slice, (inSei, picture) => expectNals([escapedSei(inSei), picture], false)),
    { numRuns: 300 },
  );
  const broken = fc
    .array(fc.nat(255), { maxLength: 300 })
    .map((values) => Buffer.from([6, ...values, 0x11]))
    .filter((sei) => !sei.includes(bytes(0, 0, 1)) && !sei.includes(bytes(0, 0, 0)));
  fc.assert(
    fc.property(broken, slice, (sei, picture) => expectNals([sei, picture], false)),
    { numRuns: 300 },
  );
});

test("whatever bytes an SEI holds without emulation prevention, it is kept whole", () => {
  const payload = fc
    .array(fc.constantFrom(0, 0, 0, 1, 1, 3, 5, 6, 0x41, 0x65, 0x67, 0x68), { maxLength: 600 })
    .map((values) => Buffer.from([...values, 0xc4]));
  fc.assert(
    fc.property(payload, (inSei) => expectNals([plainSei(inSei), P_SLICE], false)),
    { numRuns: 500 },
  );
});
