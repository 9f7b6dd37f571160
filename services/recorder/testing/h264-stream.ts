import { emptyRtpPacket, type RtpPacket } from "../rtp/packet.ts";

/** An access unit as a camera would send it. */
export interface SentUnit {
  nals: Buffer[];
  timestamp: number;
  isKeyframe: boolean;
}

/** A sent packet: its payload and RTP header. `nals` are the indices of the NAL units that begin in it. */
export interface SentPacket {
  unit: number;
  payload: Buffer;
  header: RtpPacket;
  /** Only delimiters, SEI and parameter sets: if it is the first of its unit, its loss cannot be detected. */
  isPrefix: boolean;
}

export const SPS = Buffer.from("6742c01fd9005005bb011000000300100000030300f1832480", "hex");
export const PPS = Buffer.from("68cb83cb20", "hex");
export const DELIMITER = Buffer.from("09f0", "hex");

/** A slice of `size` bytes: the first of its picture or a further one (first_mb_in_slice, §7.3.3). */
export function slice(size: number, filler: number, isKeyframe: boolean, isFirst: boolean): Buffer {
  const nal = Buffer.alloc(Math.max(3, size), filler);
  nal[0] = isKeyframe ? 0x65 : 0x41;
  nal[1] = isFirst ? 0x88 : 0x28;
  return nal;
}

/** The NAL units of an access unit, each after a start code: the expected data of its block. */
export function annexB(nals: Buffer[]): Buffer {
  return Buffer.concat(nals.flatMap((nal) => [Buffer.from("00000001", "hex"), nal]));
}

/** Packets of access units by RFC 6184: small NAL units gathered in STAP-A where `aggregates`, large ones in FU-A. */
export function packetize(
  units: SentUnit[],
  mtu: number,
  aggregates: boolean,
  options: { setsMarker?: boolean } = {},
): SentPacket[] {
  const packets: SentPacket[] = [];
  units.forEach((sent, unit) => {
    const groups: { payload: Buffer; types: number[] }[] = [];
    let gathered: Buffer[] = [];
    const flush = () => {
      const [only] = gathered;
      if (gathered.length === 1 && only !== undefined) groups.push({ payload: only, types: typesOf(gathered) });
      else if (gathered.length > 1) groups.push({ payload: stapA(gathered), types: typesOf(gathered) });
      gathered = [];
    };
    for (const nal of sent.nals) {
      if (nal.length > mtu) {
        flush();
        for (const payload of fuA(nal, mtu)) groups.push({ payload, types: typesOf([nal]) });
        continue;
      }
      const size = gathered.reduce((sum, one) => sum + 2 + one.length, 1) + 2 + nal.length;
      if (!aggregates || size > mtu) flush();
      gathered.push(nal);
    }
    flush();
    groups.forEach(({ payload, types }, index) => {
      const marker = index === groups.length - 1 && options.setsMarker !== false;
      const header = { ...emptyRtpPacket(), payloadType: 96, marker, timestamp: sent.timestamp, ssrc: 1 };
      header.sequenceNumber = (60_000 + packets.length) & 0xffff;
      packets.push({ unit, payload, header, isPrefix: types.every((type) => type >= 6) });
    });
  });
  return packets;
}

function typesOf(nals: Buffer[]): number[] {
  return nals.map((nal) => (nal[0] as number) & 31);
}

function stapA(nals: Buffer[]): Buffer {
  const length = (nal: Buffer) => Buffer.from([nal.length >> 8, nal.length & 255]);
  return Buffer.concat([Buffer.from([0x78]), ...nals.flatMap((nal) => [length(nal), nal])]);
}

function fuA(nal: Buffer, mtu: number): Buffer[] {
  const header = nal[0] as number;
  const pieces: Buffer[] = [];
  for (let at = 1; at < nal.length; at += mtu - 2) {
    const isLast = at + mtu - 2 >= nal.length;
    const fuHeader = (at === 1 ? 0x80 : 0) | (isLast ? 0x40 : 0) | (header & 31);
    pieces.push(Buffer.concat([Buffer.from([(header & 0xe0) | 28, fuHeader]), nal.subarray(at, at + mtu - 2)]));
  }
  return pieces;
}
