import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyRtpPacket, parseRtpPacket } from "./packet.ts";
import { SequenceTracker } from "./sequence.ts";

/** A packet by RFC 3550 §5.1, written independently of the parser. */
function rtp(options: {
  csrcs?: number;
  extensionWords?: number;
  padding?: number;
  payload?: string;
  marker?: boolean;
}): Buffer {
  const { csrcs = 0, extensionWords, padding = 0, payload = "", marker = false } = options;
  const first = 0x80 | (padding > 0 ? 0x20 : 0) | (extensionWords === undefined ? 0 : 0x10) | csrcs;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const extension =
    extensionWords === undefined ? "" : `bede${hex(extensionWords, 4)}${"aabbccdd".repeat(extensionWords)}`;
  return Buffer.concat([
    Buffer.from(
      `${hex(first, 2)}${marker ? "e0" : "60"}fffe89abcdeff0000001${"00000007".repeat(csrcs)}${extension}`,
      "hex",
    ),
    Buffer.from(payload),
    Buffer.alloc(padding, padding),
  ]);
}

/** Parses a packet surrounded by other bytes, as in the shared buffer. */
function parse(bytes: Buffer) {
  const packet = emptyRtpPacket();
  const around = Buffer.concat([Buffer.alloc(7, 0xff), bytes, Buffer.alloc(70_000, 0xff)]);
  if (!parseRtpPacket(around, 7, 7 + bytes.length, packet)) return undefined;
  expect(packet.payloadStart).toBeGreaterThanOrEqual(7 + 12);
  expect(packet.payloadEnd).toBeLessThanOrEqual(7 + bytes.length);
  return { ...packet, payload: around.toString("latin1", packet.payloadStart, packet.payloadEnd) };
}

describe("parseRtpPacket (RFC 3550 §5.1)", () => {
  test("reads all fields, unsigned", () => {
    expect(parse(rtp({ payload: "abc", marker: true }))).toMatchObject({
      payloadType: 96,
      marker: true,
      sequenceNumber: 0xfffe,
      timestamp: 0x89abcdef,
      ssrc: 0xf0000001,
      payload: "abc",
    });
  });

  test("finds the payload behind sources and extension, before padding", () => {
    fc.assert(
      fc.property(
        fc.nat(15),
        fc.option(fc.nat(20), { nil: undefined }),
        fc.nat(255),
        fc.stringMatching(/^[a-z]{0,40}$/),
        (csrcs, words, padding, payload) => {
          const packet = rtp({ csrcs, padding, payload, ...(words === undefined ? {} : { extensionWords: words }) });
          expect(parse(packet)?.payload).toBe(payload);
        },
      ),
    );
  });

  test("refuses other versions, and whatever is shorter than it says", () => {
    const whole = rtp({ csrcs: 2, extensionWords: 3, padding: 4 });
    for (let length = 0; length < whole.length - 4; length++)
      expect(parse(whole.subarray(0, length)), `${length}`).toBeUndefined();
    expect(parse(Buffer.concat([Buffer.from([0x40]), whole.subarray(1)]))).toBeUndefined();
    expect(parse(Buffer.concat([whole.subarray(0, -1), Buffer.from([200])]))).toBeUndefined();
  });

  test("never throws nor reaches outside, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        if (bytes.length > 0) bytes[0] = (bytes[0] as number & 0x3f) | 0x80;
        parse(Buffer.from(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("SequenceTracker (RFC 3550 §A.1)", () => {
  const takeAll = (numbers: number[]) => {
    const tracker = new SequenceTracker();
    return numbers.map((number) => tracker.take(number, 1, number * 3600));
  };

  test("counts across the wrap of 16 bits", () => {
    expect(takeAll([65_534, 65_535, 0, 1, 4])).toEqual([0, 0, 0, 0, 2]);
    expect(takeAll([65_530, 3])).toEqual([0, 8]);
  });

  test("late and doubled packets are left out, and nothing is lost for them", () => {
    expect(takeAll([10, 12, 11, 12, 13])).toEqual([0, 1, -1, -1, 0]);
    expect(takeAll([2, 65_530, 3])).toEqual([0, -1, 0]);
  });

  test("another SSRC begins anew", () => {
    const tracker = new SequenceTracker();
    expect([
      tracker.take(10, 1, 10 * 3600),
      tracker.take(5, 2, 5 * 3600),
      tracker.take(6, 2, 6 * 3600),
      tracker.take(900, 1, 900 * 3600),
    ]).toEqual([0, 0, 0, 0]);
  });

  test("a camera that begins to count anew is followed at once: 1 lost, not tens of thousands", () => {
    expect(takeAll([40_000, 7, 8])).toEqual([0, 1, 0]);
    expect(takeAll([1500, 0, 1])).toEqual([0, 1, 0]);
  });

  test("of any stream with losses, the counts and the packets make up all that was sent", () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(fc.nat(3000), { maxLength: 50 }), (first, losses) => {
        const numbers = [first];
        for (const lost of losses) numbers.push(((numbers.at(-1) as number) + 1 + lost) & 0xffff);
        expect(takeAll(numbers)).toEqual([0, ...losses]);
      }),
    );
  });
});
