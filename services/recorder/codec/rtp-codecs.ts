import { h264RtpCodec } from "./h264/h264-rtp-codec.ts";
import type { RtpCodec } from "./rtp-codec.ts";

/** The video codecs that can be recorded. */
export const videoRtpCodecs: readonly RtpCodec[] = [h264RtpCodec];
