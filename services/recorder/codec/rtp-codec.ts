import type { VideoCodec } from "../../../shared/codec/video-codec.ts";
import type { AccessUnitBuffer } from "../rtp/access-unit-buffer.ts";
import type { AccessUnitHandler, Depacketizer } from "./depacketizer.ts";

/** A codec that can be recorded, as session descriptions name it. */
export interface RtpCodec {
  /** The encoding name of `a=rtpmap`, in upper case (RFC 4566 §6). */
  readonly encodingName: string;
  readonly codec: VideoCodec;
  /** Whether the parameters of `a=fmtp` can only be of this codec; for tracks without `a=rtpmap`. */
  isImpliedBy(fmtp: string): boolean;
  /**
   * Reads the parameters of `a=fmtp`, keyed by lower-case name. Throws CameraRefusedError, with advice, when they
   * describe a stream that cannot be recorded.
   */
  format(parameters: ReadonlyMap<string, string>): RtpFormat;
}

/** What a session description says about a track, besides its URL. */
export interface RtpFormat {
  /** RTP clock ticks a second. */
  readonly clockRate: number;
  readonly codec: VideoCodec;
  depacketizer(buffer: AccessUnitBuffer, handler: AccessUnitHandler): Depacketizer;
}
