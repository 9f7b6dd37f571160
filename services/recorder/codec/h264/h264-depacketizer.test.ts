import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AccessUnitBuffer } from "../../rtp/access-unit-buffer.ts";
import { emptyRtpPacket } from "../../rtp/packet.ts";
import {
  annexB,
  DELIMITER,
  PPS,
  packetize,
  type SentPacket,
  type SentUnit,
  SPS,
  slice,
} from "../../testing/h264-stream.ts";
import { Receiver } from "../../testing/rtp-receiver.ts";
import { H264Format } from "./h264-rtp-codec.ts";
import { ParameterSets } from "./parameter-sets.ts";

const picture = fc.record({
  isKeyframe: fc.nat(3).map((n) => n === 0),
  hasDelimiter: fc.boolean(),
  hasSets: fc.boolean(),
  hasSei: fc.boolean(),
  slices: fc.array(fc.nat(6000), { minLength: 1, maxLength: 3 }),
});
const streams = fc.array(picture, { minLength: 1, maxLength: 15 }).map((pictures) =>
  pictures.map(({ isKeyframe, hasDelimiter, hasSets, hasSei, slices }, index): SentUnit => {
    const nals = slices.map((size, n) => slice(size, index * 3 + n + 1, isKeyframe, n === 0));
    if (hasSei) nals.unshift(Buffer.from([6, 5, 1, index, 0x80]));
    if (hasSets && isKeyframe) nals.unshift(SPS, PPS);
    if (hasDelimiter) nals.unshift(DELIMITER);
    return { nals, timestamp: (0xffff_0000 + index * 3600) >>> 0, isKeyframe };
  }),
);
const mtus = fc.integer({ min: 60, max: 2000 });

/** The expected data of a unit's block when its first `lostNals` NAL units were lost. */
function blockOf(unit: SentUnit, lostNals = 0): Buffer {
  const nals = unit.nals.slice(lostNals);
  if (!unit.isKeyframe || (nals.includes(SPS) && nals.includes(PPS))) return annexB(nals);
  return annexB(nals[0] === DELIMITER ? [DELIMITER, SPS, PPS, ...nals.slice(1)] : [SPS, PPS, ...nals]);
}

describe("the depacketizer of H.264 (RFC 6184)", () => {
  test("without loss, every access unit from the first keyframe on is in its block byte for byte, sets before keyframes", () => {
    fc.assert(
      fc.property(
        streams,
        mtus,
        fc.boolean(),
        fc.integer({ min: 1, max: 30 }),
        (units, mtu, aggregates, flushEvery) => {
          const kept = new Receiver().all(packetize(units, mtu, aggregates), flushEvery);
          const first = units.findIndex((unit) => unit.isKeyframe);
          const expected = first === -1 ? [] : units.slice(first);
          expect(kept.map((unit) => unit.timestamp)).toEqual(expected.map((unit) => unit.timestamp));
          for (const [index, unit] of expected.entries()) expect(kept[index]?.bytes.equals(blockOf(unit))).toBe(true);
          expect(kept.map((unit) => unit.isKeyframe)).toEqual(expected.map((unit) => unit.isKeyframe));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("with any loss: what is kept is whole, in order, once, from a keyframe on; what lost nothing is kept", () => {
    const rates = fc.constantFrom(2, 10, 40);
    fc.assert(
      fc.property(
        streams,
        mtus,
        fc.boolean(),
        rates,
        fc.infiniteStream(fc.nat(99)),
        (units, mtu, aggregates, percent, dice) => {
          const packets = packetize(units, mtu, aggregates);
          const arrives = packets.map(() => (dice.next().value as number) >= percent);
          const kept = new Receiver().all(packets.filter((_, index) => arrives[index]));
          const sentAt = new Map(units.map((unit, index) => [unit.timestamp, index]));
          const order = kept.map((unit) => sentAt.get(unit.timestamp) as number);
          expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
          expect(kept[0]?.isKeyframe ?? true).toBe(true);
          for (const [n, index] of order.entries()) {
            const unit = units[index] as SentUnit;
            const own = packets.flatMap((packet, p) => (packet.unit === index ? [{ packet, came: arrives[p] }] : []));
            const opening = own.findIndex(({ came }) => came);
            const isDocumentedAmbiguity = own.every(({ packet, came }, p) => came || (p < opening && packet.isPrefix));
            expect(isDocumentedAmbiguity).toBe(true);
            const variants = unit.nals.map((_, lostNals) => blockOf(unit, lostNals));
            const isWhole = own.every(({ came }) => came);
            expect((isWhole ? variants.slice(0, 1) : variants).some((block) => kept[n]?.bytes.equals(block))).toBe(
              true,
            );
          }
          const untouched = units.flatMap((_, index) =>
            packets.every((packet, p) => packet.unit !== index || arrives[p]) && index >= (order[0] ?? units.length)
              ? [index]
              : [],
          );
          expect(untouched.filter((index) => !order.includes(index))).toEqual([]);
          const firstWhole = untouched.find((index) => units[index]?.isKeyframe);
          expect(order[0] ?? units.length).toBeLessThanOrEqual(firstWhole ?? units.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  const KEY: SentUnit = { nals: [SPS, PPS, slice(500, 1, true, true)], timestamp: 0, isKeyframe: true };
  const delta = (n: number, size = 500): SentUnit => ({
    nals: [slice(size, n, false, true)],
    timestamp: n * 3600,
    isKeyframe: false,
  });

  test("from a camera that never sets the marker, a unit is kept when the next begins", () => {
    const units = [KEY, delta(1), delta(2), delta(3)];
    const kept = new Receiver().all(packetize(units, 100, false, { setsMarker: false }));
    expect(kept.map((unit) => unit.bytes)).toEqual(units.slice(0, 3).map((unit) => blockOf(unit)));
  });

  test("a marker on parameter sets ends no unit, and sets with a time of their own go before the keyframe", () => {
    const packets = packetize([KEY, delta(1)], 1000, false);
    for (const packet of packets) packet.header.marker = true;
    expect(new Receiver(new ParameterSets()).all(packets).map((unit) => unit.bytes)).toEqual([
      blockOf(KEY),
      blockOf(delta(1)),
    ]);
    const apart = packetize(
      [
        { nals: [SPS, PPS], timestamp: 4_000_000, isKeyframe: false },
        { ...KEY, nals: KEY.nals.slice(2) },
      ],
      1000,
      false,
    );
    const receiver = new Receiver(new ParameterSets());
    expect(receiver.all(apart).map((unit) => unit.bytes)).toEqual([blockOf(KEY)]);
    expect(receiver.depacketizer.counters.damagedFrames).toBe(0);
  });

  test("a keyframe without parameter sets, when there are none from anywhere, is left out and counted", () => {
    const receiver = new Receiver(new ParameterSets());
    expect(receiver.all(packetize([{ ...KEY, nals: KEY.nals.slice(2) }, delta(1)], 1000, false))).toEqual([]);
    expect(receiver.depacketizer.counters).toMatchObject({ damagedFrames: 1, framesBeforeKeyframe: 1, badPackets: 0 });
  });

  test("sets that changed in band go before later keyframes, those of the SDP no longer", () => {
    const newPps = Buffer.from("68cb83cb21", "hex");
    const changed = { nals: [SPS, newPps, slice(9, 1, true, true)], timestamp: 3600, isKeyframe: true };
    const bare = { nals: [slice(9, 2, true, true)], timestamp: 7200, isKeyframe: true };
    const kept = new Receiver().all(packetize([KEY, changed, bare], 1000, true));
    expect(kept[2]?.bytes).toEqual(annexB([SPS, newPps, slice(9, 2, true, true)]));
  });

  test("an FU-A that never ends, and one that never began, damage their unit alone", () => {
    const packets = packetize([KEY, delta(1), delta(2), delta(3)], 200, false);
    const endless = packets.filter(({ unit, payload }) => unit === 1 && ((payload[1] as number) & 0x40) !== 0);
    for (const { payload } of endless) payload[1] = (payload[1] as number) & ~0x40;
    const headless = packets.find(({ unit }) => unit === 2) as SentPacket;
    headless.payload[1] = (headless.payload[1] as number) & ~0x80;
    const receiver = new Receiver();
    expect(receiver.all(packets).map((unit) => unit.timestamp)).toEqual([0, 3 * 3600]);
    expect(receiver.depacketizer.counters.damagedFrames).toBe(2);
  });

  test("a stream that is joined in the middle of a keyframe does not begin with what is left of it", () => {
    const key = { nals: [slice(50, 1, true, true), slice(50, 2, true, false)], timestamp: 0, isKeyframe: true };
    const packets = packetize([key, delta(1), { ...KEY, timestamp: 9000 }], 1000, false);
    expect(new Receiver().all(packets.slice(1)).map((unit) => unit.timestamp)).toEqual([9000]);
  });

  test("a unit that another SSRC cuts off is not taken for whole", () => {
    const cut = { nals: [slice(50, 1, false, true), slice(50, 2, false, false)], timestamp: 3600, isKeyframe: false };
    const packets = packetize([KEY, cut, { ...KEY, timestamp: 9000 }, delta(4)], 1000, false, { setsMarker: false });
    const last = packets.findLastIndex(({ unit }) => unit === 1);
    for (const { header } of packets.slice(last)) header.ssrc = 2;
    const kept = new Receiver().all(packets.filter((_, index) => index !== last));
    expect(kept.map((unit) => unit.timestamp)).toEqual([0, 9000]);
  });

  test("payloads that RFC 6184 does not allow here damage their unit and are counted", () => {
    for (const payload of ["", "1900", "1d00", "1c", "78ffff41", "00", "1f"]) {
      const receiver = new Receiver();
      const packets = packetize([KEY, delta(1), delta(2)], 1000, false);
      const middle = packets.find(({ unit }) => unit === 1) as SentPacket;
      middle.payload = Buffer.from(payload, "hex");
      expect(
        receiver.all(packets).map((unit) => unit.timestamp),
        payload,
      ).toEqual([0, 7200]);
      expect(receiver.depacketizer.counters.badPackets).toBe(payload === "" ? 0 : 1);
    }
  });

  test("random payloads never throw, and never hold more memory than the bound", () => {
    const maxBytes = 512 * 1024;
    const type = fc.constantFrom(0x65, 0x41, 0x67, 0x68, 0x78, 0x7c, 0x5c, 0x1c, 0x09, 0x06);
    const payload = fc.tuple(type, fc.uint8Array({ maxLength: 30 }), fc.constantFrom(0, 0, 30_000));
    const random = fc.record({
      payload,
      marker: fc.boolean(),
      timestamp: fc.nat(3),
      isLost: fc.nat(9).map((n) => n === 0),
    });
    fc.assert(
      fc.property(fc.array(random, { maxLength: 200 }), (packets) => {
        const buffer = new AccessUnitBuffer(maxBytes);
        let kept = 0;
        const depacketizer = new H264Format([]).depacketizer(buffer, {
          unwrap: (t) => t,
          frame: () => kept++,
        });
        for (const { payload, marker, timestamp, isLost } of packets) {
          const bytes = Buffer.concat([Buffer.from([payload[0]]), payload[1], Buffer.alloc(payload[2], 1)]);
          if (isLost) depacketizer.lost();
          depacketizer.take(bytes, { ...emptyRtpPacket(), marker, timestamp, payloadEnd: bytes.length });
          expect(buffer.waitingBytes + buffer.currentBytes).toBeLessThanOrEqual(maxBytes);
        }
        depacketizer.end();
        const batch = buffer.take();
        expect(batch?.units.length ?? 0).toBe(kept);
        expect(batch?.bytes.length ?? 0).toBeLessThanOrEqual(maxBytes);
      }),
      { numRuns: 200 },
    );
  });

  test("a unit without end, and units that nobody takes, stop at the bound", () => {
    const maxBytes = 512 * 1024;
    const key = { nals: [slice(1_000_000, 1, true, true)], timestamp: 0, isKeyframe: true };
    const endless = new Receiver(new ParameterSets([SPS, PPS]), maxBytes);
    for (const packet of packetize([key], 1400, false)) {
      endless.take(packet);
      expect(endless.buffer.currentBytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(endless.depacketizer.counters.damagedFrames).toBe(1);
    const untaken = new Receiver(new ParameterSets([SPS, PPS]), maxBytes);
    const many = Array.from({ length: 100 }, (_, n) => ({
      nals: [slice(20_000, n, true, true)],
      timestamp: n,
      isKeyframe: true,
    }));
    for (const packet of packetize(many, 1400, false)) untaken.take(packet);
    expect(untaken.buffer.waitingBytes).toBeLessThanOrEqual(maxBytes);
    expect(untaken.buffer.take()?.bytes.length).toBeLessThanOrEqual(maxBytes);
    expect(untaken.depacketizer.counters.damagedFrames).toBeGreaterThan(70);
  });

  test("parameter sets without end, and of any id, do not pile up", () => {
    const sets = new ParameterSets();
    for (let id = 0; id < 1000; id++) {
      const code = (id + 1).toString(2); // ue(v), §9.1
      const bits = `${"0".repeat(code.length - 1)}${code}`.padEnd(24, "1");
      const idBytes = [0, 8, 16].map((at) => Number.parseInt(bits.slice(at, at + 8), 2));
      for (const size of [1000, 60_000]) {
        sets.take(Buffer.concat([Buffer.from([0x68, ...idBytes]), Buffer.alloc(size, 1)]));
        sets.take(Buffer.concat([Buffer.from([0x67, 1, 1, 1, ...idBytes]), Buffer.alloc(size, 1)]));
      }
    }
    expect([sets.sequence.length, sets.picture.length]).toEqual([32, 256]);
    const held = [...sets.sequence, ...sets.picture].reduce((sum, nal) => sum + nal.length, 0);
    expect(held).toBeLessThan(2 * 1024 * 1024);
  });
});
