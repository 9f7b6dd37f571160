import { findRtcp, RTCP_HEADER_BYTES, RtcpType } from "./compound.ts";

const COUNT_MASK = 0x1f;

/** Whether the compound RTCP packet between `start` and `end` says that source `ssrc` ends (BYE, RFC 3550 §6.6). */
export function saysGoodbye(bytes: Buffer, start: number, end: number, ssrc: number): boolean {
  const part = findRtcp(bytes, start, end, RtcpType.goodbye);
  if (part === undefined) return false;
  const sources = (bytes[part.start] as number) & COUNT_MASK;
  for (let i = 0; i < sources; i++) {
    const position = part.start + RTCP_HEADER_BYTES + i * 4;
    if (position + 4 > part.end) return false;
    if (bytes.readUInt32BE(position) === ssrc) return true;
  }
  return false;
}
