import { parseTransportPair } from "./message.ts";

/** The kind of a packet of an interleaved channel; "other" is not of our track. */
export type PacketKind = "rtp" | "rtcp" | "other";

const FIRST_CHANNEL = 0;
const MAX_CHANNEL = 255;
const RTP_HEADER_BYTES = 12;
const SSRC_OFFSET = 8;
/** After this many packets in a row from another source than announced, the camera has restarted its stream. */
const MAX_FOREIGN_PACKETS = 1000;

/**
 * Distinguishes the packets of a track from others of the same connection (RFC 2326 §10.12): by the channels in the
 * camera's answer to SETUP, or, if it uses others, by the channel on which the track's payload type comes.
 */
export class TrackChannel {
  readonly #payloadType: number;
  #rtp = FIRST_CHANNEL; // packets may come before the answer, and some answers name no channel (gortsplib #142)
  #rtcp = FIRST_CHANNEL + 1;
  /** The track's payload type has come on its channel. */
  #isConfirmed = false;
  #announcedSsrc: number | undefined;
  /** A packet of the announced source has come: packets of other sources belong to another session. */
  #isAnnouncedHeard = false;
  #foreignPackets = 0;

  /** @param payloadType that of the track, from the session description */
  constructor(payloadType: number) {
    this.#payloadType = payloadType;
  }

  /** Takes the Transport field of the answer to SETUP (RFC 2326 §12.39); a malformed one changes nothing. */
  answered(transport: string | undefined): void {
    [this.#rtp, this.#rtcp] = parseTransportPair(transport, "interleaved") ?? [this.#rtp, this.#rtcp];
    const ssrc = /(?:^|;)\s*ssrc\s*=\s*"?(?:0x)?([0-9a-f]{1,8})\b/i.exec(transport ?? "");
    if (ssrc !== null) this.#announcedSsrc = Number.parseInt(ssrc[1] as string, 16);
  }

  /** The channel on which RTCP is sent to the camera; undefined when the camera named no usable one. */
  get rtcpChannel(): number | undefined {
    return this.#rtcp === this.#rtp || this.#rtcp > MAX_CHANNEL ? undefined : this.#rtcp;
  }

  /** The kind of the packet from `start` to `end`. */
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
   * Whether it is of another session: old live555, as in Reolink's cameras, sends the rest of a broken session over the
   * next one (moonfire-nvr #114, retina #17). An announced SSRC that never comes is ignored.
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
