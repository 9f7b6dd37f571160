import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A message or an interleaved packet in what a server sent; parsed without the recorder's reader. */
export interface Piece {
  start: number;
  end: number;
  /** Undefined for a message. */
  channel: number | undefined;
}

/** What a server sent to a client, from the first answer on, and the position of its pieces. */
export interface Session {
  name: string;
  bytes: Buffer;
  pieces: Piece[];
  /** The channel on which packets of the SDP's video payload type came. */
  videoChannel: number;
}

const FOLDER = fileURLToPath(new URL("sessions/", import.meta.url));
const RTP_HEADER_BYTES = 12;
const PACKET_HEADER_BYTES = 4;

/** The sessions of `sessions/`, made by tests/long/record-sessions.ts. Each ends at its last whole packet. */
export function readSessions(): Session[] {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".bin"))
    .sort();
  return names.map((name) => {
    const bytes = readFileSync(FOLDER + name);
    const pieces = findPieces(bytes);
    const whole = bytes.subarray(0, pieces.at(-1)?.end ?? 0);
    return { name: name.replace(".bin", ""), bytes: whole, pieces, videoChannel: videoChannelOf(whole, pieces) };
  });
}

/** The texts of a session's messages, heads and bodies. */
export function messagesOf({ bytes, pieces }: Session): string[] {
  return pieces.filter((p) => p.channel === undefined).map(({ start, end }) => bytes.toString("latin1", start, end));
}

/** Whether a piece is a packet of the session's video. */
export function isVideo(session: Session, piece: Piece): boolean {
  return piece.channel === session.videoChannel;
}

/**
 * The session with its stream repeated `times` times, with continuing sequence numbers and timestamps: long enough to
 * show what a reader does after it has resynchronised.
 */
export function prolong(session: Session, times: number): Session {
  const packets = session.pieces.filter((piece) => piece.channel !== undefined);
  const messages = session.pieces.filter((piece) => piece.channel === undefined);
  const video = packets.filter((piece) => isVideo(session, piece));
  const timestamps = video.map((piece) => timestampOf(session.bytes, piece));
  const last = timestamps.at(-1) as number;
  const first = timestamps[0] as number;
  // A session may end within a picture, which is left out here.
  const kept = packets.filter((piece) => !isVideo(session, piece) || timestampOf(session.bytes, piece) !== last);
  const stepTicks = (last - first + 2 ** 32) % 2 ** 32;
  const out = messages.map(({ start, end }) => Buffer.from(session.bytes.subarray(start, end)));
  const next = new Map<number, number>();
  for (let turn = 0; turn < times; turn++) {
    for (const { start, end, channel } of kept) {
      const packet = Buffer.from(session.bytes.subarray(start, end));
      if (isRtp(packet)) {
        const sequence = next.get(channel as number) ?? packet.readUInt16BE(PACKET_HEADER_BYTES + 2);
        next.set(channel as number, (sequence + 1) & 0xffff);
        packet.writeUInt16BE(sequence, PACKET_HEADER_BYTES + 2);
        const at = PACKET_HEADER_BYTES + 4;
        packet.writeUInt32BE((packet.readUInt32BE(at) + turn * stepTicks) % 2 ** 32, at);
      }
      out.push(packet);
    }
  }
  const bytes = Buffer.concat(out);
  return { ...session, bytes, pieces: findPieces(bytes) };
}

/** RTP timestamp of an interleaved packet. */
export function timestampOf(bytes: Buffer, piece: Piece): number {
  return bytes.readUInt32BE(piece.start + PACKET_HEADER_BYTES + 4);
}

function isRtp(packet: Buffer): boolean {
  const type = packet[PACKET_HEADER_BYTES + 1] as number; // 192 to 223 are RTCP (RFC 5761 §4)
  return packet.length >= PACKET_HEADER_BYTES + RTP_HEADER_BYTES && (type < 192 || type > 223);
}

function findPieces(bytes: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < bytes.length; ) {
    const channel = bytes[start] === 0x24 ? bytes[start + 1] : undefined;
    const end = channel === undefined ? messageEnd(bytes, start) : packetEnd(bytes, start);
    if (end === undefined || end > bytes.length) break;
    pieces.push({ start, end, channel });
    start = end;
  }
  return pieces;
}

function packetEnd(bytes: Buffer, start: number): number | undefined {
  return start + PACKET_HEADER_BYTES > bytes.length
    ? undefined
    : start + PACKET_HEADER_BYTES + bytes.readUInt16BE(start + 2);
}

function messageEnd(bytes: Buffer, start: number): number | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n", start);
  if (headEnd === -1) return undefined;
  const length = /content-length:\s*(\d+)/i.exec(bytes.toString("latin1", start, headEnd))?.[1] ?? "0";
  return headEnd + 4 + Number(length);
}

function videoChannelOf(bytes: Buffer, pieces: Piece[]): number {
  const payloadType = Number(/m=video \d+ \S+ (\d+)/.exec(bytes.toString("latin1"))?.[1]);
  const packets = pieces.filter((piece) => piece.channel !== undefined);
  const found = packets.find(({ start }) => ((bytes[start + 5] as number) & 0x7f) === payloadType);
  if (found?.channel === undefined) throw new Error("a recorded session without video");
  return found.channel;
}
