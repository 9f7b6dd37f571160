import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { saysGoodbye } from "./goodbye.ts";
import { RtcpReceiver } from "./receiver.ts";
import { buildReceiverReport } from "./receiver-report.ts";

const SSRC = 0xdeadbeef;

function rtp(sequenceNumber: number, timestamp = 0, ssrc = SSRC): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[0] = 0x80;
  bytes.writeUInt16BE(sequenceNumber, 2);
  bytes.writeUInt32BE(timestamp, 4);
  bytes.writeUInt32BE(ssrc, 8);
  return bytes;
}

function senderReport(ssrc: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.set([0x80, 200, 0, 6]);
  bytes.writeUInt32BE(ssrc, 4);
  bytes.writeUInt32BE(0x1111_2222, 8);
  bytes.writeUInt32BE(0x3333_4444, 12);
  return bytes;
}

function goodbye(...sources: number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * sources.length);
  bytes.set([0x80 | sources.length, 203, 0, sources.length]);
  sources.forEach((ssrc, i) => {
    bytes.writeUInt32BE(ssrc, 4 + i * 4);
  });
  return bytes;
}

const isGoodbye = (bytes: Buffer, ssrc = SSRC) => saysGoodbye(bytes, 0, bytes.length, ssrc);

test("a receiver report is laid out as RFC 3550 §6.4.2 says, a source description behind it (§6.5)", () => {
  const block = {
    ssrc: SSRC,
    fractionLost: 0x80,
    cumulativeLost: -2,
    highestSequence: 0x0001_fffe,
    jitter: 77,
    lastSenderReport: 0x2222_3333,
    delaySinceSenderReport: 65_536,
  };
  expect(buildReceiverReport(0x01020304, block, "abc").toString("hex")).toBe(
    "81c90007" +
      "01020304" +
      "deadbeef" +
      "80fffffe" +
      "0001fffe" +
      "0000004d" +
      "22223333" +
      "00010000" +
      "81ca0003" +
      "01020304" +
      "01036162" +
      "63000000",
  );
  expect(buildReceiverReport(0x01020304, undefined, "abcdef").toString("hex")).toBe(
    "80c90001" + "01020304" + "81ca0004" + "01020304" + "01066162" + "63646566" + "00000000",
  );
});

test("a report tells losses, jitter, the last sender report and the time since it came", () => {
  const receiver = new RtcpReceiver(90_000);
  receiver.rtp(rtp(10, 0), 0, 12, 1000);
  receiver.rtp(rtp(12, 3600), 0, 12, 1040 + 1000 / 90); // 1000 ticks late
  receiver.rtcp(senderReport(SSRC), 0, 28, 2000);
  receiver.rtcp(senderReport(SSRC + 1), 0, 28, 2500); // of another source
  const report = receiver.report(3500);
  expect(report.readUInt32BE(8)).toBe(SSRC);
  expect(report.readUInt8(12)).toBe(Math.floor(256 / 3));
  expect(report.readIntBE(13, 3)).toBe(1);
  expect(report.readUInt32BE(16)).toBe(12);
  expect(report.readUInt32BE(20)).toBe(62); // 1000 / 16
  expect(report.readUInt32BE(24)).toBe(0x2222_3333);
  expect(report.readUInt32BE(28)).toBe(1.5 * 65_536);
});

test("without a sender report both of its fields are 0, and again after another source has begun", () => {
  const receiver = new RtcpReceiver(90_000);
  const fields = () => [24, 28].map((at) => receiver.report(9000).readUInt32BE(at));
  receiver.rtp(rtp(1), 0, 12);
  expect(fields()).toEqual([0, 0]);
  receiver.rtcp(senderReport(SSRC), 0, 28, 1000);
  expect(fields()).toEqual([0x2222_3333, 8 * 65_536]);
  receiver.rtp(rtp(900, 0, SSRC + 1), 0, 12);
  expect(fields()).toEqual([0, 0]);
  expect(receiver.report(9000).readIntBE(13, 3)).toBe(0);
});

test("reports are due every 2.5 to 7.5 s, not before anything came", () => {
  const receiver = new RtcpReceiver(90_000);
  expect([receiver.due(1e6), receiver.due(2e6)]).toEqual([undefined, undefined]);
  receiver.rtp(rtp(1), 0, 12);
  const dueMs: number[] = [];
  for (let ms = 0; ms < 100_000; ms += 250) if (receiver.due(ms) !== undefined) dueMs.push(ms);
  const steps = dueMs.map((ms, i) => ms - (dueMs[i - 1] ?? 0));
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(2500);
  expect(Math.max(...steps)).toBeLessThanOrEqual(7750);
});

test("a goodbye is one when it names the stream's source, wherever it stands", () => {
  expect(isGoodbye(goodbye(SSRC))).toBe(true);
  expect(isGoodbye(Buffer.concat([senderReport(SSRC), goodbye(1, SSRC)]))).toBe(true);
  expect(isGoodbye(goodbye(1))).toBe(false);
  expect(isGoodbye(goodbye())).toBe(false);
  expect(isGoodbye(senderReport(SSRC))).toBe(false);
  const torn = Buffer.concat([goodbye(1), rtp(0)]);
  torn[0] = 0x84; // claims more sources than it contains
  torn.writeUInt32BE(SSRC, 8);
  expect(isGoodbye(torn)).toBe(false);
});

test("before the first packet no source is known to end", () => {
  const receiver = new RtcpReceiver(90_000);
  expect(receiver.rtcp(goodbye(SSRC), 0, 8, 0)).toBe(false);
  receiver.rtp(rtp(1), 0, 12);
  expect(receiver.rtcp(goodbye(SSRC), 0, 8, 0)).toBe(true);
});

test("any bytes are read without an error", () => {
  for (let i = 0; i < 5000; i++) {
    const receiver = new RtcpReceiver(90_000);
    const bytes = randomBytes(i % 64);
    receiver.rtp(rtp(1), 0, 12);
    receiver.rtp(bytes, 0, bytes.length, i);
    if (bytes.length >= 4) bytes.set([0x80 | (i & 0x1f), 200 + (i % 4), 0, i % 12]);
    receiver.rtcp(bytes, 0, bytes.length, i);
    expect(receiver.report(i).length % 4).toBe(0);
  }
});
