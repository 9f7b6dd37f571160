const NTP_EPOCH_OFFSET_S = 2_208_988_800;
const SENDER_REPORT = 200;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;

export interface SenderReport {
  ssrc: number;
  /** The sender's wall clock, µs since the Unix epoch. */
  wallClockUs: number;
  /** The RTP timestamp of the same moment. */
  rtpTimestamp: number;
  packets: number;
  payloadBytes: number;
}

/** A sender report with a source description (RFC 3550 §6.4.1, §6.5). */
export function buildSenderReport(report: SenderReport): Buffer {
  const cname = Buffer.from("camera");
  const packet = Buffer.alloc(28 + 20);
  packet[0] = 0x80;
  packet[1] = SENDER_REPORT;
  packet.writeUInt16BE(6, 2);
  packet.writeUInt32BE(report.ssrc, 4);
  packet.writeUInt32BE((Math.floor(report.wallClockUs / 1e6) + NTP_EPOCH_OFFSET_S) % 2 ** 32, 8);
  packet.writeUInt32BE(Math.floor(((report.wallClockUs % 1e6) / 1e6) * 2 ** 32), 12);
  packet.writeUInt32BE(report.rtpTimestamp, 16);
  packet.writeUInt32BE(report.packets % 2 ** 32, 20);
  packet.writeUInt32BE(report.payloadBytes % 2 ** 32, 24);
  packet[28] = 0x81;
  packet[29] = SOURCE_DESCRIPTION;
  packet.writeUInt16BE(4, 30);
  packet.writeUInt32BE(report.ssrc, 32);
  packet[36] = 1;
  packet[37] = cname.length;
  cname.copy(packet, 38);
  return packet;
}

/** A goodbye (RFC 3550 §6.6). */
export function buildBye(ssrc: number): Buffer {
  const packet = Buffer.from([0x81, BYE, 0, 1, 0, 0, 0, 0]);
  packet.writeUInt32BE(ssrc, 4);
  return packet;
}
