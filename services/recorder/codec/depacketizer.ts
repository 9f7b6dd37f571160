import type { PixelAspect, Size } from "../../../shared/codec/display-size.ts";
import type { RtpPacket } from "../rtp/packet.ts";

/**
 * What a depacketizer tells of an access unit that it keeps. A keyframe is one at which a decoder can start, as its
 * codec says: there a minute may begin.
 */
export interface AccessUnitHandler {
  /** Puts the RTP timestamp of an access unit on an axis of µs. */
  unwrap(timestamp: number, isKeyframe: boolean): number;
  frame(rtpUs: number, bytes: number, isKeyframe: boolean): void;
}

/** What a depacketizer counts, since it was made. */
export interface DepacketizerCounters {
  /** Access units left out because a packet of theirs was lost or made no sense. */
  damagedFrames: number;
  /** Access units that came before the first keyframe and so could not be decoded. */
  framesBeforeKeyframe: number;
  /** Packets whose payload the codec's RTP payload format does not allow. */
  badPackets: number;
}

/** What a stream says of its pictures: their size in pixels, which need not be square, and their codec. */
export interface PictureDescription extends Size {
  /** RFC 6381 codec string, such as `avc1.64001f`. */
  codec: string;
  pixelAspect?: PixelAspect | undefined;
}

/** Puts the access units of one track together from RTP payloads, in the AccessUnitBuffer that it was made for. */
export interface Depacketizer {
  readonly counters: DepacketizerCounters;
  /** What the newest parameter sets say of the pictures; undefined while there are none that can be read. */
  readonly picture: PictureDescription | undefined;
  /** What is wrong with how the camera packs its stream, and what to do; undefined when nothing is. */
  readonly problem: string | undefined;
  /** Whether the stream has points at which decoding may begin, though they are no keyframes. */
  readonly hasRecoveryPoints: boolean;
  /** Packets were lost before the next one. */
  lost(): void;
  /** Takes the payload of a packet, which lies in `bytes`. */
  take(bytes: Buffer, packet: RtpPacket): void;
  /** The stream is over: what is under way is kept when it is whole. */
  end(): void;
}
