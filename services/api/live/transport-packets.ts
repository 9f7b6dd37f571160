/** MPEG transport stream (ISO/IEC 13818-1 §2.4.3): packets of 188 bytes that begin with a sync byte. */
const PACKET_BYTES = 188;
const SYNC_BYTE = 0x47;
const ADAPTATION_FIELD = 0x20;
const PAYLOAD_UNIT_START = 0x40;
const RANDOM_ACCESS = 0x40;

/** Whole packets; `isEntry`: a decoder can begin at the first of them. */
export interface PacketRun {
  bytes: Buffer;
  isEntry: boolean;
}

/** Cuts a transport stream, in whatever pieces it arrives, into runs of whole packets; each entry begins a new run. */
export class TransportPackets {
  #rest: Buffer = Buffer.alloc(0);

  push(piece: Buffer): PacketRun[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const runs: PacketRun[] = [];
    let start = 0;
    let at = 0;
    let isEntry = false;
    const flush = (end: number) => {
      if (end > start) runs.push({ bytes: bytes.subarray(start, end), isEntry });
      start = end;
    };
    for (; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      if (bytes[at] !== SYNC_BYTE) {
        // Out of sync, which never happens with ffmpeg: continue at the next sync byte.
        flush(at);
        const next = bytes.indexOf(SYNC_BYTE, at + 1);
        at = next === -1 ? bytes.length : next;
        start = at;
        isEntry = false;
        at -= PACKET_BYTES;
      } else if (isEntryPacket(bytes, at)) {
        flush(at);
        isEntry = true;
      }
    }
    at = Math.max(at, start);
    flush(at);
    this.#rest = Buffer.from(bytes.subarray(at));
    return runs;
  }
}

/** Whether a packet begins a picture that refers to no other (random_access_indicator, §2.4.3.5). */
function isEntryPacket(bytes: Buffer, at: number): boolean {
  if (((bytes[at + 1] as number) & PAYLOAD_UNIT_START) === 0) return false;
  if (((bytes[at + 3] as number) & ADAPTATION_FIELD) === 0 || bytes[at + 4] === 0) return false;
  return ((bytes[at + 5] as number) & RANDOM_ACCESS) !== 0;
}
