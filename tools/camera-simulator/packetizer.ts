import { nalType } from "./h264.ts";

/** Bytes before each packet: "$", channel, 16-bit length (RFC 2326 §10.12). */
export const INTERLEAVED_HEADER_BYTES = 4;
export const RTP_HEADER_BYTES = 12;
const HEADER_BYTES = INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES;
const NAL_STAP_A = 24;
const NAL_FU_A = 28;

export interface PacketizerOptions {
  payloadType: number;
  /** Size of the largest RTP packet, including its header. */
  maxPacketBytes: number;
  /** Whether consecutive small NAL units are combined into STAP-A packets. */
  aggregate: boolean;
}

/**
 * The packets of one access unit in one buffer, each after an interleaved header and an RTP header. What differs
 * between clients (channel, sequence number, timestamp, SSRC) is written by {@link stampPackets}, so that one template
 * serves any number of clients.
 */
export interface PacketTemplate {
  bytes: Buffer;
  /** Offset of each packet's interleaved header; the last entry is the end. */
  starts: number[];
}

/** Packetizes NAL units as single NAL unit, STAP-A and FU-A packets (RFC 6184 §5.6-5.8); the last one has the marker. */
export function packetize(nals: readonly Buffer[], options: PacketizerOptions): PacketTemplate {
  const maxPayload = options.maxPacketBytes - RTP_HEADER_BYTES;
  const payloads: Buffer[][] = [];
  for (let i = 0; i < nals.length; i++) {
    const nal = nals[i] as Buffer;
    const together = options.aggregate ? smallNals(nals, i, maxPayload) : 1;
    if (together > 1) {
      payloads.push(aggregationPacket(nals.slice(i, i + together)));
      i += together - 1;
    } else if (nal.length <= maxPayload) {
      payloads.push([nal]);
    } else {
      payloads.push(...fragmentationUnits(nal, maxPayload));
    }
  }
  return layOut(payloads, options.payloadType);
}

/** A template of packets with given payloads; only the last has the marker. */
export function layOut(payloads: readonly Buffer[][], payloadType: number): PacketTemplate {
  const starts: number[] = [];
  let size = 0;
  for (const parts of payloads) {
    starts.push(size);
    size += HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0);
  }
  starts.push(size);
  const bytes = Buffer.allocUnsafeSlow(size);
  payloads.forEach((parts, i) => {
    const start = starts[i] as number;
    bytes.fill(0, start, start + HEADER_BYTES);
    bytes[start] = 0x24;
    bytes.writeUInt16BE((starts[i + 1] as number) - start - INTERLEAVED_HEADER_BYTES, start + 2);
    bytes[start + 4] = 0x80;
    bytes[start + 5] = payloadType | (i === payloads.length - 1 ? 0x80 : 0);
    let at = start + HEADER_BYTES;
    for (const part of parts) at += part.copy(bytes, at);
  });
  return { bytes, starts };
}

/** The header fields of one client's packets. */
export interface PacketStamp {
  channel: number;
  /** Of the first packet; the others count up from there. */
  sequence: number;
  timestamp: number;
  ssrc: number;
}

/** Writes the stamp into all packets' headers, in place. */
export function stampPackets(template: PacketTemplate, stamp: PacketStamp): void {
  const { bytes, starts } = template;
  for (let i = 0; i < starts.length - 1; i++) {
    const start = starts[i] as number;
    bytes[start + 1] = stamp.channel;
    bytes.writeUInt16BE((stamp.sequence + i) & 0xffff, start + 6);
    bytes.writeUInt32BE(stamp.timestamp, start + 8);
    bytes.writeUInt32BE(stamp.ssrc, start + 12);
  }
}

export function packetCount(template: PacketTemplate): number {
  return template.starts.length - 1;
}

/** The number of RTP payload bytes in all packets, as sender reports count them. */
export function payloadBytes(template: PacketTemplate): number {
  return template.bytes.length - packetCount(template) * HEADER_BYTES;
}

/** Copies of the packets, one buffer each, including the interleaved header. */
export function copyPackets(template: PacketTemplate): Buffer[] {
  const packets: Buffer[] = [];
  for (let i = 0; i < packetCount(template); i++) {
    packets.push(Buffer.from(template.bytes.subarray(template.starts[i], template.starts[i + 1])));
  }
  return packets;
}

/** The number of NAL units from `from` on that fit into one STAP-A. */
function smallNals(nals: readonly Buffer[], from: number, maxPayload: number): number {
  let size = 1;
  let count = 0;
  while (from + count < nals.length) {
    size += 2 + (nals[from + count] as Buffer).length;
    if (size > maxPayload) break;
    count++;
  }
  return count;
}

function aggregationPacket(nals: readonly Buffer[]): Buffer[] {
  const importance = Math.max(...nals.map((nal) => (nal[0] ?? 0) & 0x60));
  const parts: Buffer[] = [Buffer.from([importance | NAL_STAP_A])];
  for (const nal of nals) {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(nal.length);
    parts.push(size, nal);
  }
  return parts;
}

function fragmentationUnits(nal: Buffer, maxPayload: number): Buffer[][] {
  const indicator = ((nal[0] ?? 0) & 0x60) | NAL_FU_A;
  const room = maxPayload - 2;
  const units: Buffer[][] = [];
  for (let at = 1; at < nal.length; at += room) {
    const start = at === 1 ? 0x80 : 0;
    const end = at + room >= nal.length ? 0x40 : 0;
    units.push([Buffer.from([indicator, start | end | nalType(nal)]), nal.subarray(at, at + room)]);
  }
  return units;
}
