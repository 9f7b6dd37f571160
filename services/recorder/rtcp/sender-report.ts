import { findRtcp, RtcpType } from "./compound.ts";

/** What a sender report says: the RTP timestamp `rtpTimestamp` of source `ssrc` belongs to the time `ntpUs`. */
export interface SenderReport {
  ssrc: number;
  /** The sender's clock, µs since the Unix epoch. A camera whose clock was never set may send any time. */
  ntpUs: number;
  /** 32 bits, in units of the stream's clock rate. */
  rtpTimestamp: number;
}

/** Header, SSRC and sender info (RFC 3550 §6.4.1). */
const SENDER_REPORT_BYTES = 28;
const SECONDS_1900_TO_1970 = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;

/**
 * Finds the first sender report in the compound RTCP packet between `start` and `end` (RFC 3550 §6.4.1). Returns
 * undefined when there is none before the end or before the first bytes that are not RTCP, and when its NTP time is 0:
 * the camera has no clock. NTP seconds without their highest bit are of the era that begins in 2036 (RFC 4330 §3).
 */
export function parseSenderReport(bytes: Buffer, start: number, end: number): SenderReport | undefined {
  const part = findRtcp(bytes, start, end, RtcpType.senderReport);
  if (part === undefined || part.end - part.start < SENDER_REPORT_BYTES) return undefined;
  const seconds = bytes.readUInt32BE(part.start + 8);
  const fraction = bytes.readUInt32BE(part.start + 12);
  if (seconds === 0 && fraction === 0) return undefined;
  const unixSeconds = seconds - SECONDS_1900_TO_1970 + (seconds < 2 ** 31 ? ERA_SECONDS : 0);
  return {
    ssrc: bytes.readUInt32BE(part.start + 4),
    ntpUs: unixSeconds * 1_000_000 + Math.floor((fraction * 1_000_000) / ERA_SECONDS),
    rtpTimestamp: bytes.readUInt32BE(part.start + 16),
  };
}

/**
 * Whether source `ssrc` sent the compound RTCP packet between `start` and `end`: with a sender report or, after it has
 * sent no data for two of its report intervals, with a receiver report (RFC 3550 §6.4).
 */
export function reportsOf(bytes: Buffer, start: number, end: number, ssrc: number): boolean {
  const part =
    findRtcp(bytes, start, end, RtcpType.senderReport) ?? findRtcp(bytes, start, end, RtcpType.receiverReport);
  return part !== undefined && part.end - part.start >= 8 && bytes.readUInt32BE(part.start + 4) === ssrc;
}

/**
 * The middle 32 bits of the NTP time of a sender report of source `ssrc`, as a receiver report returns them (LSR, RFC
 * 3550 §6.4.1); undefined when there is no such report.
 */
export function compactNtpTime(bytes: Buffer, start: number, end: number, ssrc: number): number | undefined {
  const part = findRtcp(bytes, start, end, RtcpType.senderReport);
  if (part === undefined || part.end - part.start < SENDER_REPORT_BYTES) return undefined;
  return bytes.readUInt32BE(part.start + 4) === ssrc ? bytes.readUInt32BE(part.start + 10) : undefined;
}
