import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reception } from "./reception.ts";

function received(numbers: Iterable<number>): Reception {
  const reception = new Reception();
  for (const n of numbers) reception.take(n & 0xffff, 0);
  return reception;
}

describe("losses (RFC 3550 §A.3)", () => {
  test("are those since the beginning, and the fraction of those since the last report", () => {
    const reception = received([1, 2, 3, 4, 5, 6, 8, 10]); // 7 and 9 are missing of ten
    expect(reception.report()).toEqual({ fractionLost: Math.floor((2 * 256) / 10), cumulativeLost: 2 });
    for (const n of [12, 14, 16, 18]) reception.take(n, 0);
    expect(reception.report()).toEqual({ fractionLost: 128, cumulativeLost: 6 });
    expect(reception.report()).toEqual({ fractionLost: 0, cumulativeLost: 6 });
    reception.take(3017, 0);
    expect(reception.report()).toEqual({ fractionLost: 255, cumulativeLost: 3004 });
  });

  test("are none before the first packet, and below none where packets are doubled", () => {
    expect(new Reception().report()).toEqual({ fractionLost: 0, cumulativeLost: 0 });
    expect(received([1, 2, 2, 2, 3]).report()).toEqual({ fractionLost: 0, cumulativeLost: -2 });
  });

  test("hold over wraps, in any order within 99 packets, and equal what was left out", () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.array(fc.record({ delay: fc.nat(90), isLost: fc.boolean() }), { minLength: 1, maxLength: 400 }),
        (first, packets) => {
          const whole = [{ delay: 0, isLost: false }, ...packets, { delay: 91, isLost: false }];
          const arrivals = whole.map(({ delay, isLost }, i) => ({ n: first + i, at: i + delay, isLost }));
          arrivals.sort((a, b) => a.at - b.at);
          const reception = received(arrivals.filter(({ isLost }) => !isLost).map(({ n }) => n));
          expect(reception.report().cumulativeLost).toBe(packets.filter(({ isLost }) => isLost).length);
          const last = first + whole.length - 1;
          expect(reception.highestSequence).toBe(last);
        },
      ),
    );
  });

  test("are 24 bits with sign", () => {
    const reception = received([0]);
    for (let n = 2999; n < 2999 * 3000; n += 2999) reception.take(n & 0xffff, 0);
    expect(reception.report().cumulativeLost).toBe(0x7f_ffff);
  });
});

test("a number that is far off counts only with the next one behind it, and then anew", () => {
  const reception = received([1, 2, 30_000, 4]);
  expect([reception.highestSequence, reception.report().cumulativeLost]).toEqual([4, 1]);
  for (const n of [30_000, 30_001, 30_003]) reception.take(n, 0);
  expect([reception.highestSequence, reception.report().cumulativeLost]).toEqual([30_003, 1]);
});

describe("jitter (RFC 3550 §A.8)", () => {
  test("is none of a steady stream, also over the wrap of its timestamp", () => {
    const reception = new Reception();
    for (let n = 0; n < 100; n++) reception.take(n, (2 ** 32 - 90_000 + n * 3600) % 2 ** 32, 5_000_000 + n * 3600);
    expect(reception.jitter).toBe(0);
    const early = new Reception(); // transit times about 0
    for (let n = 0; n < 100; n++) early.take(n, n * 3600, n * 3600 + (n % 2) * 160 - 80);
    expect(early.jitter).toBeLessThanOrEqual(160);
  });

  test("nears the mean difference of transit times, a 16th at each packet", () => {
    const reception = new Reception();
    reception.take(0, 0, 0);
    reception.take(1, 3600, 3600 + 160);
    expect(reception.jitter).toBe(10);
    reception.take(2, 7200, 7200 + 160);
    expect(reception.jitter).toBe(9); // 9.375
    for (let n = 3; n < 500; n++) reception.take(n, n * 3600, n * 3600 + (n % 2) * 160);
    expect(reception.jitter).toBeGreaterThan(157);
    expect(reception.jitter).toBeLessThanOrEqual(160);
  });
});
