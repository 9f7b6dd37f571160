/** Type numbers of RTCP packets (RFC 3550 §12.1). */
export const RtcpType = { senderReport: 200, receiverReport: 201, sourceDescription: 202, goodbye: 203 } as const;

export const RTCP_HEADER_BYTES = 4;

/** The position of a packet in a compound packet. */
export interface RtcpPart {
  start: number;
  end: number;
}

/**
 * Finds the first packet of a type in the compound RTCP packet between `start` and `end` (RFC 3550 §6.1). Returns
 * undefined when there is none before the end or before the first bytes that are not RTCP.
 */
export function findRtcp(bytes: Buffer, start: number, end: number, type: number): RtcpPart | undefined {
  let position = start;
  while (position + RTCP_HEADER_BYTES <= end) {
    if ((bytes[position] as number) >> 6 !== 2) return undefined;
    const next = position + RTCP_HEADER_BYTES + bytes.readUInt16BE(position + 2) * 4;
    if (next > end) return undefined;
    if (bytes[position + 1] === type) return { start: position, end: next };
    position = next;
  }
  return undefined;
}
