import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReorderBuffer } from "./reorder-buffer.ts";

const LIMITS = { packets: 64, bytes: 4000, ms: 200 };

function packet(sequenceNumber: number, { ssrc = 7, bytes = 20 } = {}): Buffer {
  const data = Buffer.alloc(bytes);
  data[0] = 0x80;
  data.writeUInt16BE(sequenceNumber & 0xffff, 2);
  data.writeUInt32BE(ssrc, 8);
  return data;
}

/** A buffer that has received the numbers 100 to 103, and the numbers that it delivers. */
function begun(limits = LIMITS): { buffer: ReorderBuffer; out: number[] } {
  const out: number[] = [];
  const buffer = new ReorderBuffer(limits, (data) => out.push(data.readUInt16BE(2)));
  for (let n = 100; n < 104; n++) buffer.push(packet(n), 0);
  buffer.tick(LIMITS.ms);
  expect(out).toEqual([100, 101, 102, 103]);
  return { buffer, out };
}

const run = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => (from + i) & 0xffff);

describe("in order", () => {
  test("packets pass at once, over the wrap of their numbers", () => {
    const out: number[] = [];
    const buffer = new ReorderBuffer(LIMITS, (data) => out.push(data.readUInt16BE(2)));
    buffer.push(packet(65_000), 0);
    buffer.tick(LIMITS.ms);
    for (let n = 65_001; n < 66_000; n++) {
      buffer.push(packet(n), 1000);
      expect(out.at(-1)).toBe(n & 0xffff);
    }
    expect(out).toEqual(run(65_000, 66_000));
    expect(buffer.waiting).toBe(0);
  });

  test("what comes before the first packet but later is in its place", () => {
    const out: number[] = [];
    const buffer = new ReorderBuffer(LIMITS, (data) => out.push(data.readUInt16BE(2)));
    for (const n of [5, 3, 4, 6, 0xffff]) buffer.push(packet(n), 10);
    expect(out).toEqual([]);
    buffer.tick(210);
    expect(out).toEqual([0xffff, 3, 4, 5, 6]);
  });
});

test("any order within the window comes out in order, each packet once, whatever is doubled", () => {
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.array(fc.record({ delay: fc.nat(14), copies: fc.integer({ min: 1, max: 3 }) }), {
        minLength: 1,
        maxLength: 300,
      }),
      (first, packets) => {
        const sent = packets.flatMap(({ delay, copies }, i) =>
          Array.from({ length: copies }, (_, copy) => ({ n: (first + i) & 0xffff, at: i + delay + copy })),
        );
        sent.sort((a, b) => a.at - b.at);
        const out: number[] = [];
        const buffer = new ReorderBuffer({ ...LIMITS, bytes: 1e6 }, (data) => out.push(data.readUInt16BE(2)));
        for (const { n, at } of sent) buffer.push(packet(n), at);
        buffer.flush();
        expect(out).toEqual(run(first, first + packets.length));
      },
    ),
  );
});

test("whatever comes, nothing comes out twice or out of order, all limits hold, and nothing stays", () => {
  const arrival = fc.record({
    n: fc.integer({ min: 0, max: 60 }),
    afterMs: fc.nat(60),
    bytes: fc.integer({ min: 12, max: 900 }),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 300 }), (arrivals) => {
      let nowMs = 0;
      const waitingSince = new Map<number, number>();
      const out: number[] = [];
      const buffer = new ReorderBuffer(LIMITS, (data) => {
        const n = data.readUInt16BE(2);
        expect(nowMs - (waitingSince.get(n) ?? nowMs)).toBeLessThanOrEqual(LIMITS.ms + 60);
        out.push(n);
      });
      for (const { n, afterMs, bytes } of arrivals) {
        nowMs += afterMs;
        if (!waitingSince.has(1000 + n)) waitingSince.set(1000 + n, nowMs);
        buffer.push(packet(1000 + n, { bytes }), nowMs);
        buffer.tick(nowMs);
        expect(buffer.waiting).toBeLessThanOrEqual(LIMITS.packets);
        expect(buffer.waitingBytes).toBeLessThanOrEqual(LIMITS.bytes);
      }
      buffer.flush();
      expect([buffer.waiting, buffer.waitingBytes]).toEqual([0, 0]);
      expect(out).toEqual([...new Set(out)].sort((a, b) => a - b));
    }),
  );
});

describe("a missing packet is given up", () => {
  test("when others waited for it for so long, and not before", () => {
    const { buffer, out } = begun();
    buffer.push(packet(105), 1000);
    buffer.push(packet(107), 1100);
    buffer.tick(1199);
    expect(out.at(-1)).toBe(103);
    buffer.push(packet(108), 1200);
    expect(out.at(-1)).toBe(103);
    buffer.tick(1200);
    expect(out.slice(4)).toEqual([105]);
    buffer.tick(1299);
    expect(out.slice(4)).toEqual([105]);
    buffer.tick(1300);
    expect(out.slice(4)).toEqual([105, 107, 108]);
  });

  test("by the packet that waits longest, not by the one that comes first in order", () => {
    const { buffer, out } = begun();
    buffer.push(packet(109), 1000);
    buffer.push(packet(107), 1150);
    buffer.push(packet(105), 1160);
    buffer.tick(1200);
    expect(out.slice(4)).toEqual([105, 107, 109]);
  });

  test("when more packets come than fit", () => {
    const { buffer, out } = begun();
    for (let n = 105; n < 104 + LIMITS.packets; n++) buffer.push(packet(n), 1000);
    expect(out.length).toBe(4);
    buffer.push(packet(104 + LIMITS.packets), 1000);
    expect(out.slice(4)).toEqual(run(105, 105 + LIMITS.packets));
  });

  test("when more bytes wait than fit", () => {
    const { buffer, out } = begun();
    for (const n of [105, 106, 107, 108]) buffer.push(packet(n, { bytes: 1000 }), 1000);
    expect([out.length, buffer.waitingBytes]).toEqual([4, 4000]);
    buffer.push(packet(109, { bytes: 12 }), 1000);
    expect(out.slice(4)).toEqual([105, 106, 107, 108, 109]);
  });

  test("and dropped when it comes after that", () => {
    const { buffer, out } = begun();
    buffer.push(packet(105), 1000);
    buffer.tick(1200);
    buffer.push(packet(104), 1201);
    buffer.push(packet(106), 1202);
    expect(out.slice(4)).toEqual([105, 106]);
  });
});

test("after a stall of ours the missing packet that lies ready is not given up", () => {
  const { buffer, out } = begun();
  buffer.push(packet(105), 1000);
  for (const n of [106, 104, 107]) buffer.push(packet(n), 5000);
  buffer.tick(5000);
  expect(out.slice(4)).toEqual([104, 105, 106, 107]);
});

describe("what is no loss", () => {
  test("a long outage is passed over, and what comes then is put in order", () => {
    const { buffer, out } = begun();
    buffer.push(packet(105), 1000);
    for (const n of [2001, 2000, 2002]) buffer.push(packet(n), 1001);
    expect(out.slice(4)).toEqual([105]);
    buffer.tick(1201);
    expect(out.slice(5)).toEqual([2000, 2001, 2002]);
  });

  test("a camera that counts anew is followed from its second packet, the first not lost", () => {
    const { buffer, out } = begun();
    buffer.push(packet(105), 1000);
    buffer.push(packet(40_000), 1001);
    expect(out.length).toBe(4);
    buffer.push(packet(40_001), 1002);
    expect(out.slice(4)).toEqual([105]);
    buffer.push(packet(40_002), 1202);
    buffer.tick(1202);
    expect(out.slice(5)).toEqual([40_000, 40_001, 40_002]);
  });

  test("a single packet that is far off changes nothing", () => {
    const { buffer, out } = begun();
    buffer.push(packet(40_000), 1000);
    buffer.push(packet(104), 1000);
    buffer.push(packet(40_001), 1000);
    buffer.push(packet(105), 1000);
    expect(out.slice(4)).toEqual([104, 105]);
  });

  test("another source begins anew, and what waited of the one before comes first", () => {
    const { buffer, out } = begun();
    buffer.push(packet(106), 1000);
    for (const n of [104, 103]) buffer.push(packet(n, { ssrc: 8 }), 1000);
    buffer.tick(1200);
    expect(out.slice(4)).toEqual([106, 103, 104]);
  });

  test("what is shorter than an RTP header is dropped", () => {
    const { buffer, out } = begun();
    for (let bytes = 0; bytes < 12; bytes++) buffer.push(Buffer.alloc(bytes), 1000);
    expect([out.length, buffer.waiting]).toEqual([4, 0]);
  });
});
