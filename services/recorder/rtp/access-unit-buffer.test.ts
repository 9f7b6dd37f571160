import { expect, test } from "vitest";
import { H264Format } from "../codec/h264/h264-rtp-codec.ts";
import { AccessUnitBuffer } from "./access-unit-buffer.ts";
import { emptyRtpPacket } from "./packet.ts";

const MAX_BYTES = 3_000_000; // no power of two
const handler = { unwrap: (timestamp: number) => timestamp, frame: () => {} };

/** The size of the buffer, measured by the batch in which a small access unit leaves it. */
function heldBytes(buffer: AccessUnitBuffer): number {
  return buffer.take()?.bytes.length ?? 0;
}

test("an access unit without end, and NAL units without end, fill no more than the bound, and are left out and told", () => {
  const buffer = new AccessUnitBuffer(MAX_BYTES);
  const depacketizer = new H264Format([]).depacketizer(buffer, handler);
  const packet = { ...emptyRtpPacket(), payloadType: 96, timestamp: 1, ssrc: 1, payloadEnd: 60_000 };
  const keyframe = Buffer.alloc(60_000, 0xff);
  const take = (payload: Buffer, changes: Partial<typeof packet>) =>
    depacketizer.take(payload, Object.assign(packet, { sequenceNumber: packet.sequenceNumber + 1 }, changes));
  const sets = [
    Buffer.from("6742c01fd9005005bb011000000300100000030300f1832480", "hex"),
    Buffer.from("68cb83cb20", "hex"),
  ];
  for (const set of sets) take(set, { payloadEnd: set.length });
  keyframe[0] = 0x65;
  for (let n = 0; n < 20; n++) take(keyframe, { payloadEnd: 60_000, marker: false });
  expect(buffer.hasOverflowed).toBe(false);
  for (let n = 0; n < 200; n++) take(keyframe, {});
  expect(buffer.hasOverflowed).toBe(true);
  expect(buffer.currentBytes).toBeLessThanOrEqual(MAX_BYTES);
  take(keyframe, { timestamp: 2 });
  expect(depacketizer.counters.damagedFrames).toBe(1);
  keyframe[0] = 0x7c; // FU-A that begins and never ends
  keyframe[1] = 0x85;
  for (let n = 0; n < 200; n++, keyframe[1] = 0x05) take(keyframe, { timestamp: 3 });
  for (const set of sets) take(set, { timestamp: 4, payloadEnd: set.length });
  const small = Buffer.from("6588ff", "hex");
  take(small, { timestamp: 4, payloadEnd: 3, marker: true });
  expect(depacketizer.counters.damagedFrames).toBe(2);
  const held = heldBytes(buffer);
  expect(held).toBeGreaterThan(0);
  expect(held).toBeLessThanOrEqual(MAX_BYTES);
});

test("a stream without a keyframe is counted and gathers nothing", () => {
  const buffer = new AccessUnitBuffer(MAX_BYTES);
  const depacketizer = new H264Format([]).depacketizer(buffer, handler);
  const slice = Buffer.from("4188ff", "hex");
  for (let n = 0; n < 10_000; n++) {
    const header = { sequenceNumber: n & 0xffff, timestamp: n * 3600, ssrc: 1, payloadEnd: 3, marker: true };
    depacketizer.take(slice, { ...emptyRtpPacket(), ...header });
  }
  expect(depacketizer.counters.framesBeforeKeyframe).toBe(10_000);
  expect(buffer.waitingBytes).toBe(0);
});

test("access units of a few bytes are bounded by their number", () => {
  const buffer = new AccessUnitBuffer(MAX_BYTES);
  const tiny = Buffer.from("4188ff", "hex");
  for (let n = 0; n < 1_000_000; n++) {
    buffer.begin();
    if (buffer.beginNal() && buffer.append(tiny, 0, tiny.length)) buffer.commit(n, false);
    else buffer.discard();
  }
  expect(buffer.hasOverflowed).toBe(true);
  const units = buffer.take()?.units.length ?? 0;
  expect(units).toBeGreaterThan(10_000);
  expect(units).toBeLessThan(25_000);
  buffer.begin();
  expect(buffer.beginNal(), "there is room again").toBe(true);
});
