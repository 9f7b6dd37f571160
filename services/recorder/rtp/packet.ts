/** The fixed header fields of an RTP packet, and the position of its payload (RFC 3550 §5.1). */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
  payloadStart: number;
  payloadEnd: number;
}

const FIXED_HEADER_BYTES = 12;

/** An empty packet for `parseRtpPacket` to fill; it can be reused for a whole stream. */
export function emptyRtpPacket(): RtpPacket {
  return { payloadType: 0, marker: false, sequenceNumber: 0, timestamp: 0, ssrc: 0, payloadStart: 0, payloadEnd: 0 };
}

/**
 * Reads the packet between `start` and `end` into `packet`; returns false when it is not RTP, and then leaves `packet`
 * in any state.
 */
export function parseRtpPacket(bytes: Buffer, start: number, end: number, packet: RtpPacket): boolean {
  if (end - start < FIXED_HEADER_BYTES) return false;
  const first = bytes[start] as number;
  if (first >> 6 !== 2) return false;
  const second = bytes[start + 1] as number;
  packet.marker = (second & 0x80) !== 0;
  packet.payloadType = second & 0x7f;
  packet.sequenceNumber = bytes.readUInt16BE(start + 2);
  packet.timestamp = bytes.readUInt32BE(start + 4);
  packet.ssrc = bytes.readUInt32BE(start + 8);
  let payloadStart = start + FIXED_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (payloadStart + 4 > end) return false;
    payloadStart += 4 + bytes.readUInt16BE(payloadStart + 2) * 4;
  }
  const padding = (first & 0x20) !== 0 ? (bytes[end - 1] as number) : 0;
  packet.payloadStart = payloadStart;
  packet.payloadEnd = end - padding;
  return packet.payloadStart <= packet.payloadEnd;
}
