import { parseTransportPair } from "./message.ts";

/** What a packet of an interleaved channel is to us. */
export type PacketKind = "rtp" | "rtcp" | "other";

const FIRST_CHANNEL = 0;
const MAX_CHANNEL = 255;
const RTP_HEADER_BYTES = 12;
const SSRC_OFFSET = 8;
/** So many packets in a row of another source than was announced: the camera has begun anew, and will not go back. */
const MAX_FOREIGN_PACKETS = 1000;

/**
 * Tells the packets of a track from others of the same connection (RFC 2326 §10.12): by the channels that the
 * camera answered to SETUP, and where it does not keep to them, by where the track's payload type comes.
 */
export class TrackChannel {
  readonly #payloadType: number;
  #rtp = FIRST_CHANNEL; // packets may overtake the answer, and some answers name no channel (gortsplib #142)
  #rtcp = FIRST_CHANNEL + 1;
  /** The track's payload type has come on its channel. */
  #isConfirmed = false;
  #announcedSsrc: number | undefined;
  /** A packet of the announced source has come: others are of another client's session. */
  #isAnnouncedHeard = false;
  #foreignPackets = 0;

  /** @param payloadType that of the track, from the session description */
  constructor(payloadType: number) {
    this.#payloadType = payloadType;
  }

  /** Takes the Transport field of the answer to SETUP (RFC 2326 §12.39); one that makes no sense changes nothing. */
  answered(transport: string | undefined): void {
    [this.#rtp, this.#rtcp] = parseTransportPair(transport, "interleaved") ?? [this.#rtp, this.#rtcp];
    const ssrc = /(?:^|;)\s*ssrc\s*=\s*"?(?:0x)?([0-9a-f]{1,8})\b/i.exec(transport ?? "");
    if (ssrc !== null) this.#announcedSsrc = Number.parseInt(ssrc[1] as string, 16);
  }

  /** The channel on which RTCP is sent to the camera; undefined when it is no channel. */
  get rtcpChannel(): number | undefined {
    return this.#rtcp === this.#rtp || this.#rtcp > MAX_CHANNEL ? undefined : this.#rtcp;
  }

  /** What the packet from `start` to `end` is. */
  sort(channel: number, bytes: Buffer, start: number, end: number): PacketKind {
    if (channel === this.#rtcp && channel !== this.#rtp) return "rtcp";
    if (channel !== this.#rtp) {
      if (this.#isConfirmed || !this.#isOurs(bytes, start, end)) return "other";
      this.#rtp = channel;
      this.#rtcp = channel + 1;
    }
    if (!this.#isConfirmed) this.#isConfirmed = this.#isOurs(bytes, start, end);
    return this.#isForeign(bytes, start, end) ? "other" : "rtp";
  }

  #isOurs(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < RTP_HEADER_BYTES || (bytes[start] as number) >> 6 !== 2) return false;
    return ((bytes[start + 1] as number) & 0x7f) === this.#payloadType;
  }

  /**
   * Whether it is of another session: old live555, as in Reolink's cameras, sends what is left of a broken session over
   * the next one (moonfire-nvr #114, retina #17). An announced SSRC that never comes tells nothing.
   */
  #isForeign(bytes: Buffer, start: number, end: number): boolean {
    if (this.#announcedSsrc === undefined || end - start < RTP_HEADER_BYTES) return false;
    if (bytes.readUInt32BE(start + SSRC_OFFSET) === this.#announcedSsrc) {
      this.#isAnnouncedHeard = true;
      this.#foreignPackets = 0;
      return false;
    }
    if (!this.#isAnnouncedHeard) return false;
    if (++this.#foreignPackets >= MAX_FOREIGN_PACKETS) this.#announcedSsrc = undefined;
    return true;
  }
}
