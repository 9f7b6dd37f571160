import { RtcpType } from "./compound.ts";

/** What a receiver reports about one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  /** The reported source. */
  ssrc: number;
  /** Packets lost since the last report, of those expected, in 256ths. */
  fractionLost: number;
  /** Packets lost since the beginning, minus duplicates; signed, 24 bits. */
  cumulativeLost: number;
  /** Extended highest sequence number: in the upper 16 bits how often it wrapped; 32 bits. */
  highestSequence: number;
  /** In units of the stream's clock rate. */
  jitter: number;
  /**
   * Middle 32 bits of the NTP time of the source's last sender report, and 1/65536 s since it came; both 0 without one.
   */
  lastSenderReport: number;
  delaySinceSenderReport: number;
}

const HEAD_BYTES = 8;
const BLOCK_BYTES = 24;
const CNAME = 1;

/**
 * A receiver report with the source description that must go with it (RFC 3550 §6.1, §6.4.2, §6.5).
 * @param ssrc that of the receiver
 * @param block undefined while nothing has come
 * @param cname the receiver's canonical name, ASCII, at most 255 characters
 */
export function buildReceiverReport(ssrc: number, block: ReportBlock | undefined, cname: string): Buffer {
  const reportBytes = HEAD_BYTES + (block === undefined ? 0 : BLOCK_BYTES);
  const itemBytes = 2 + cname.length;
  const descriptionBytes = HEAD_BYTES + Math.ceil((itemBytes + 1) / 4) * 4; // at least one 0 ends the items
  const bytes = Buffer.alloc(reportBytes + descriptionBytes);
  writeHead(bytes, 0, RtcpType.receiverReport, block === undefined ? 0 : 1, reportBytes, ssrc);
  if (block !== undefined) writeBlock(bytes, HEAD_BYTES, block);
  writeHead(bytes, reportBytes, RtcpType.sourceDescription, 1, descriptionBytes, ssrc);
  bytes.writeUInt8(CNAME, reportBytes + HEAD_BYTES);
  bytes.writeUInt8(cname.length, reportBytes + HEAD_BYTES + 1);
  bytes.write(cname, reportBytes + HEAD_BYTES + 2, "latin1");
  return bytes;
}

function writeHead(bytes: Buffer, at: number, type: number, count: number, size: number, ssrc: number): void {
  bytes.writeUInt8(0x80 | count, at);
  bytes.writeUInt8(type, at + 1);
  bytes.writeUInt16BE(size / 4 - 1, at + 2);
  bytes.writeUInt32BE(ssrc, at + 4);
}

function writeBlock(bytes: Buffer, at: number, block: ReportBlock): void {
  bytes.writeUInt32BE(block.ssrc, at);
  bytes.writeUInt8(block.fractionLost, at + 4);
  bytes.writeIntBE(block.cumulativeLost, at + 5, 3);
  bytes.writeUInt32BE(block.highestSequence, at + 8);
  bytes.writeUInt32BE(block.jitter, at + 12);
  bytes.writeUInt32BE(block.lastSenderReport, at + 16);
  bytes.writeUInt32BE(block.delaySinceSenderReport, at + 20);
}
