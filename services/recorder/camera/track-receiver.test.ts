import { expect, test } from "vitest";
import { H264Format } from "../codec/h264/h264-rtp-codec.ts";
import { PPS, packetize, type SentUnit, SPS, slice } from "../testing/h264-stream.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { TrackReceiver } from "./track-receiver.ts";

const PAYLOAD_TYPE = 96;
const OTHER_PAYLOAD_TYPE = 97;
const START_US = Date.parse("2026-12-01T12:00:00Z") * 1000;
const FRAME_TICKS = 3600;

const picture = (n: number, isKeyframe = n === 0): SentUnit => ({
  nals: [slice(3000, n + 1, isKeyframe, true)],
  timestamp: n * FRAME_TICKS,
  isKeyframe,
});

/** The packets of pictures as bytes. */
function packetsOf(units: SentUnit[], payloadType = PAYLOAD_TYPE): Buffer[] {
  return packetize(units, 1400, false).map(({ header, payload }) => {
    const head = Buffer.alloc(12);
    head.set([0x80, (header.marker ? 0x80 : 0) | payloadType]);
    head.writeUInt16BE(header.sequenceNumber, 2);
    head.writeUInt32BE(header.timestamp, 4);
    head.writeUInt32BE(header.ssrc, 8);
    return Buffer.concat([head, payload]);
  });
}

function receive() {
  const clock = new SimulatedClock(START_US);
  const told: { rtpUs: number; isKeyframe: boolean }[] = [];
  const format = new H264Format([SPS, PPS]);
  const receiver = new TrackReceiver({
    track: { payloadType: PAYLOAD_TYPE, control: undefined, presentationControl: undefined, format },
    clock,
    maxBufferBytes: 1e6,
    frame: (rtpUs, _bytes, isKeyframe) => told.push({ rtpUs, isKeyframe }),
  });
  const take = (packets: Buffer[]) => packets.map((bytes) => receiver.rtp(bytes, 0, bytes.length));
  return { clock, receiver, take, told };
}

test("a receiver takes the packets of its own track alone, and gathers its access units until they are taken", () => {
  const { receiver, take, told } = receive();
  expect(take(packetsOf([picture(0)], OTHER_PAYLOAD_TYPE))).toEqual([false, false, false]);
  expect([receiver.rtp(Buffer.from("no RTP"), 0, 6), receiver.isWaiting]).toEqual([false, false]);
  expect(take(packetsOf([0, 1, 2].map((n) => picture(n)))).every(Boolean)).toBe(true);
  expect(told.map(({ isKeyframe }) => isKeyframe)).toEqual([true, false, false]);
  expect(receiver.take()?.units).toHaveLength(3);
  expect([receiver.take(), receiver.isWaiting]).toEqual([undefined, false]);
});

test("a receiver counts what was lost, and leaves out what is not whole", () => {
  const { receiver, take, told } = receive();
  const packets = packetsOf([0, 1, 2].map((n) => picture(n)));
  take(packets.filter((_, index) => index !== 4)); // in the middle of the second picture
  expect(told).toHaveLength(2);
  expect(receiver.counters).toMatchObject({ frames: 2, damagedFrames: 1, lostPackets: 1 });
});

test("a receiver tells what the pictures are like from the first keyframe on, not by the session description alone", () => {
  const { receiver, take } = receive();
  take(packetsOf([picture(0, false)]));
  expect(receiver.picture).toBeUndefined();
  take(packetsOf([picture(0), picture(1, true)]).slice(3));
  expect(receiver.picture).toMatchObject({ codec: "avc1.42c01f", width: 1280, height: 720 });
});

test("a sender report tells how far the camera's clock is ahead, once capture times are known", () => {
  const { clock, receiver, take } = receive();
  const report = senderReport(START_US + 7_000_000, FRAME_TICKS);
  take(packetsOf([picture(0)]));
  receiver.clock.observe();
  expect(receiver.rtcp(report, 0, report.length)).toBe(true);
  expect(receiver.cameraClockOffsetMs).toBeUndefined();
  clock.advanceTo(FRAME_TICKS / 0.09);
  take(packetsOf([picture(0), picture(1)]).slice(3));
  receiver.clock.observe();
  receiver.clock.captureTimeUs(FRAME_TICKS / 0.09);
  receiver.rtcp(report, 0, report.length);
  expect(receiver.cameraClockOffsetMs).toBe(6960);
  const other = senderReport(START_US, 0, 2);
  expect(receiver.rtcp(other, 0, other.length)).toBe(false);
});

/** A sender report (RFC 3550 §6.4.1): at `ntpUs` of the sender's clock its RTP clock shows `rtpTimestamp`. */
function senderReport(ntpUs: number, rtpTimestamp: number, ssrc = 1): Buffer {
  const report = Buffer.alloc(28);
  report.set([0x80, 200, 0, 6]);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE(Math.floor(ntpUs / 1e6) + 2_208_988_800, 8);
  report.writeUInt32BE(Math.floor((ntpUs % 1e6) * 4294.967296), 12);
  report.writeUInt32BE(rtpTimestamp, 16);
  return report;
}
