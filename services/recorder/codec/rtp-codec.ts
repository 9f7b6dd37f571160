import type { VideoCodec } from "../../../shared/codec/video-codec.ts";
import type { AccessUnitBuffer } from "../rtp/access-unit-buffer.ts";
import type { AccessUnitHandler, Depacketizer } from "./depacketizer.ts";

/** A codec that can be recorded, as session descriptions name it. */
export interface RtpCodec {
  /** The encoding name of `a=rtpmap`, in upper case (RFC 4566 §6). */
  readonly encodingName: string;
  readonly codec: VideoCodec;
  /** Whether the parameters of `a=fmtp` can be of this codec alone, for tracks without `a=rtpmap`. */
  isImpliedBy(fmtp: string): boolean;
  /**
   * Reads the parameters of `a=fmtp`, by their names in lower case. Throws CameraRefusedError, with advice, when what
   * they describe cannot be recorded.
   */
  format(parameters: ReadonlyMap<string, string>): RtpFormat;
}

/** What is known of a track from its session description, beside how it is asked for. */
export interface RtpFormat {
  /** RTP clock ticks a second. */
  readonly clockRate: number;
  readonly codec: VideoCodec;
  depacketizer(buffer: AccessUnitBuffer, handler: AccessUnitHandler): Depacketizer;
}
