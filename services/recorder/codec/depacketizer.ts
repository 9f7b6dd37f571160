import type { PixelAspect, Size } from "../../../shared/codec/display-size.ts";
import type { RtpPacket } from "../rtp/packet.ts";

/**
 * What a depacketizer reports of an access unit that it keeps. A keyframe is one at which a decoder can start, by the
 * rules of its codec; a minute may begin there.
 */
export interface AccessUnitHandler {
  /** Converts the RTP timestamp of an access unit to µs (CaptureClock.unwrap). */
  unwrap(timestamp: number, isKeyframe: boolean): number;
  frame(rtpUs: number, bytes: number, isKeyframe: boolean): void;
}

/** The counters of a depacketizer, since its creation. */
export interface DepacketizerCounters {
  /** Access units dropped because one of their packets was lost or malformed. */
  damagedFrames: number;
  /** Access units that came before the first keyframe, and so could not be decoded. */
  framesBeforeKeyframe: number;
  /** Packets whose payload the codec's RTP payload format does not allow. */
  badPackets: number;
}

/** What a stream says about its pictures: their size in pixels, which need not be square, and their codec. */
export interface PictureDescription extends Size {
  /** RFC 6381 codec string, such as `avc1.64001f`. */
  codec: string;
  pixelAspect?: PixelAspect | undefined;
}

/** Assembles the access units of one track from RTP payloads, in the AccessUnitBuffer that it was created with. */
export interface Depacketizer {
  readonly counters: DepacketizerCounters;
  /** What the newest parameter sets say about the pictures; undefined while there are none that can be read. */
  readonly picture: PictureDescription | undefined;
  /** What is wrong with how the camera packetizes its stream, and what to do; undefined when nothing is. */
  readonly problem: string | undefined;
  /** Whether the stream announced points other than keyframes at which decoding may begin. */
  readonly hasRecoveryPoints: boolean;
  /** Packets were lost before the next one. */
  lost(): void;
  /** Takes the payload of a packet, which is in `bytes`. */
  take(bytes: Buffer, packet: RtpPacket): void;
  /** The stream is over: the current access unit is kept if it is complete. */
  end(): void;
}
