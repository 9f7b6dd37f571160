import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { parseSenderReport } from "./sender-report.ts";

/** 2026-01-01T00:00:00Z in NTP seconds. */
const NTP_2026 = 3_976_214_400;

function report(seconds: number, fraction: number, words = 6): Buffer {
  const bytes = Buffer.alloc(4 + words * 4);
  bytes.set([0x80, 200, 0, words]);
  [0xdeadbeef, seconds, fraction, 0xfffffff0].slice(0, words).forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 + i * 4);
  });
  return bytes;
}

const parse = (bytes: Buffer) => parseSenderReport(bytes, 0, bytes.length);

test("a sender report's NTP time is told in µs since 1970 (RFC 3550 §6.4.1)", () => {
  const ntpUs = Date.UTC(2026, 0, 1) * 1000 + 500_000;
  expect(parse(report(NTP_2026, 2 ** 31))).toEqual({ ssrc: 0xdeadbeef, ntpUs, rtpTimestamp: 0xfffffff0 });
});

test("it is found behind another packet, and only between start and end", () => {
  const receiverReport = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]);
  const bytes = Buffer.concat([Buffer.from("xx"), receiverReport, report(NTP_2026, 0), Buffer.from("yy")]);
  expect(parseSenderReport(bytes, 2, bytes.length - 2)?.ssrc).toBe(0xdeadbeef);
  expect(parseSenderReport(bytes, 2, bytes.length - 3)).toBeUndefined();
});

test("seconds without their highest bit are of the era that begins in 2036 (RFC 4330 §3)", () => {
  expect(parse(report(0, 2 ** 31))?.ntpUs).toBe(Date.UTC(2036, 1, 7, 6, 28, 16) * 1000 + 500_000);
});

test("no time, a report that is too short, another version and a length past the end give nothing", () => {
  expect(parse(report(0, 0))).toBeUndefined();
  expect(parse(report(NTP_2026, 0, 5))).toBeUndefined();
  const other = report(NTP_2026, 0);
  other[0] = 0x40;
  expect(parse(other)).toBeUndefined();
  expect(parse(report(NTP_2026, 0).subarray(0, 27))).toBeUndefined();
  expect(parse(Buffer.alloc(0))).toBeUndefined();
});

test("any bytes are read without an error", () => {
  for (let i = 0; i < 5000; i++) {
    const bytes = randomBytes(i % 64);
    if (bytes.length >= 4) bytes.set([0x80 | (i & 0x1f), 200 + (i % 3), 0, i % 12]);
    const found = parse(bytes);
    if (found !== undefined) expect(Number.isSafeInteger(found.ntpUs)).toBe(true);
  }
});
