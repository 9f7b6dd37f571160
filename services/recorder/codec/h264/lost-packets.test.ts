import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { H264 } from "../../../../shared/codec/h264/h264.ts";
import { ChunkPlanner } from "../../chunk/chunk-planner.ts";
import { CaptureClock } from "../../clock/capture-clock.ts";
import { AccessUnitBuffer } from "../../rtp/access-unit-buffer.ts";
import { SequenceTracker } from "../../rtp/sequence.ts";
import { annexB, PPS, packetize, type SentPacket, type SentUnit, SPS, slice } from "../../testing/h264-stream.ts";
import { type ReadBlock, readBlocks } from "../../testing/recording.ts";
import { Receiver } from "../../testing/rtp-receiver.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { H264Format } from "./h264-rtp-codec.ts";

const TICKS = 18_000; // 5 pictures a second
const SECOND_US = 1_000_000;

/** Picture number `n` of the stream, with slices of the given sizes; its parameter sets came in the SDP. */
function picture(n: number, sizes: number[], isKeyframe: boolean): SentUnit {
  const nals = sizes.map((size, part) => {
    const nal = slice(size, part + 1, isKeyframe, part === 0);
    nal[2] = (n % 200) + 1; // no zeros, which could form start codes
    nal[3] = Math.floor(n / 200) + 1;
    return nal;
  });
  return { nals, timestamp: (0xffff_8000 + n * TICKS) >>> 0, isKeyframe };
}

const block = ({ nals, isKeyframe }: SentUnit) => annexB(isKeyframe ? [SPS, PPS, ...nals] : nals);

const HABITS = ["last packet", "never", "every slice", "every packet"] as const;

function send(units: SentUnit[], mtu: number, aggregates: boolean, habit: (typeof HABITS)[number]): SentPacket[] {
  const packets = packetize(units, mtu, aggregates, { setsMarker: habit !== "never" });
  for (const { payload, header } of packets) {
    const endsNal = ((payload[0] as number) & 31) !== 28 || ((payload[1] as number) & 0x40) !== 0;
    if (habit === "every packet" || (habit === "every slice" && endsNal)) header.marker = true;
  }
  return packets;
}

/** Pictures between a keyframe and a last picture that are never lost, both with the largest number of slices. */
const streams = fc
  .array(
    fc.record({
      isKeyframe: fc.nat(4).map((n) => n === 0),
      sizes: fc.array(fc.integer({ min: 4, max: 4000 }), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 12 },
  )
  .map((middle) => {
    const ends = { sizes: [900, 30, 700, 5], isKeyframe: true };
    return [ends, ...middle, ends].map(({ sizes, isKeyframe }, n) => picture(n, sizes, isKeyframe));
  });

describe("lost packets (docs/design/lost-packets.md)", () => {
  const habits = fc.constantFrom(...HABITS);
  const mtus = fc.integer({ min: 20, max: 2000 });

  test("whatever a camera marks and however it packs, without loss all access units come out as they were, each once", () => {
    fc.assert(
      fc.property(streams, mtus, fc.boolean(), habits, (units, mtu, aggregates, habit) => {
        const receiver = new Receiver();
        for (const packet of send(units, mtu, aggregates, habit)) receiver.take(packet);
        expect(receiver.end().map(({ bytes }) => bytes.toString("latin1"))).toEqual(
          units.map((unit) => block(unit).toString("latin1")),
        );
        expect(receiver.told).toBe(units.length);
        expect(receiver.depacketizer.counters).toMatchObject({ damagedFrames: 0, badPackets: 0 });
      }),
      { numRuns: 150 },
    );
  });

  test("whatever is lost, only whole access units come out, in order, each once, and the others are counted", () => {
    const dice = fc.infiniteStream(fc.nat(99));
    fc.assert(
      fc.property(streams, mtus, habits, fc.constantFrom(1, 5, 30), dice, (units, mtu, habit, percent, dice) => {
        const packets = send(units, mtu, false, habit);
        const receiver = new Receiver();
        const heard = new Set<number>();
        for (const packet of packets) {
          const isSafe = packet.unit === 0 || packet.unit === units.length - 1;
          if (!isSafe && (dice.next().value as number) < percent) continue;
          heard.add(packet.unit);
          receiver.take(packet);
        }
        const sentAt = new Map(units.map((unit, index) => [unit.timestamp, index]));
        const kept = receiver.end();
        const order = kept.map(({ timestamp }) => sentAt.get(timestamp) as number);
        expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
        for (const [n, index] of order.entries()) {
          expect(kept[n]?.bytes.equals(block(units[index] as SentUnit))).toBe(true);
        }
        expect(order.at(-1)).toBe(units.length - 1);
        const { damagedFrames, framesBeforeKeyframe } = receiver.depacketizer.counters;
        expect(kept.length + damagedFrames + framesBeforeKeyframe).toBe(heard.size);
      }),
      { numRuns: 300 },
    );
  });

  test("a minute's chunk begins with a whole keyframe and holds whole access units only, whatever is lost", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(999)), fc.constantFrom(5, 50, 200), (dice, perMille) => {
        const clock = new SimulatedClock(Date.parse("2026-07-01T12:00:50Z") * 1000);
        const capture = new CaptureClock(clock, 90_000);
        const planner = new ChunkPlanner(capture, H264.blockKind);
        const buffer = new AccessUnitBuffer(16 * 1024 * 1024);
        const sequence = new SequenceTracker();
        const depacketizer = new H264Format([SPS, PPS]).depacketizer(buffer, {
          unwrap: (timestamp, isKeyframe) => capture.unwrap(timestamp, isKeyframe),
          frame: () => {},
        });
        const units = Array.from({ length: 5 * 150 }, (_, n) => picture(n, [300, 200], n % 7 === 3));
        const chunks: Buffer[][] = [];
        const flush = () => {
          const batch = buffer.take();
          if (batch === undefined) return;
          for (const step of planner.plan(batch)) {
            if (step.kind === "open") chunks.push([]);
            if (step.kind === "write") chunks.at(-1)?.push(Buffer.from(step.bytes.subarray(step.start, step.end)));
          }
          buffer.recycle(batch.bytes);
        };
        let unit = 0;
        for (const { payload, header, unit: of } of packetize(units, 250, false)) {
          if (of !== unit) {
            unit = of;
            clock.advanceTo((of * SECOND_US) / 5);
            capture.observe();
            if (of % 5 === 0 && capture.isSettled) flush();
          }
          if ((dice.next().value as number) < perMille) continue;
          const lost = sequence.take(header.sequenceNumber, header.ssrc, header.timestamp);
          if (lost > 0) depacketizer.lost();
          depacketizer.take(payload, { ...header, payloadStart: 0, payloadEnd: payload.length });
        }
        depacketizer.end();
        flush();
        const places = new Map(units.map((one, index) => [block(one).toString("latin1"), index]));
        const place = ({ data }: ReadBlock) => places.get(data.toString("latin1")) ?? Number.NaN;
        const read = chunks.map((pieces) => readBlocks(Buffer.concat(pieces)));
        expect(read.length).toBeGreaterThan(1);
        for (const { blocks, rest } of read) {
          expect(rest).toBe(0);
          expect(units[place(blocks[0] as ReadBlock)]?.isKeyframe).toBe(true);
        }
        const all = read.flatMap(({ blocks }) => blocks.map(place));
        expect(all.every((index, n) => n === 0 || index > (all[n - 1] as number))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
