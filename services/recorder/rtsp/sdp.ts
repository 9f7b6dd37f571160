import { type MediaDescription, parse, type SessionDescription } from "sdp-transform";
import type { RtpCodec, RtpFormat } from "../codec/rtp-codec.ts";
import { videoRtpCodecs } from "../codec/rtp-codecs.ts";
import { CameraRefusedError } from "../errors/camera-error.ts";
import { type Quote, quoteWithoutSecrets } from "../errors/quote.ts";

/** A track of a DESCRIBE answer: what SETUP and the receiver need to know of it. */
export interface Track {
  payloadType: number;
  /** `a=control` of the track and of the whole presentation. */
  control: string | undefined;
  presentationControl: string | undefined;
  /** What its codec has read from its `a=fmtp`. */
  format: RtpFormat;
}

const STATIC_CODECS: Record<string, string> = { 26: "JPEG", 31: "H261", 32: "MPEG-1 or 2", 33: "MP2T", 34: "H263" };
/**
 * The longest lines of cameras, those with parameter sets, have some 500 characters. The parser applies regular
 * expressions to lines, and their time grows faster than the length.
 */
const MAX_LINE_LENGTH = 8192;

/**
 * Finds the first video track of a session description (RFC 4566) whose codec can be recorded. Throws
 * CameraRefusedError, with the reason, when there is none.
 * @param quote makes a text from the camera safe to show
 */
export function findVideoTrack(sdp: string, quote: Quote = quoteWithoutSecrets): Track {
  const session = parseDescription(sdp);
  const videos = session.media.filter((media) => media.type === "video");
  if (videos.length === 0)
    throw new CameraRefusedError("the camera offers no video track", "check the path in its url");
  let refusal: CameraRefusedError | undefined;
  for (const media of videos) {
    const known = findCodec(media);
    if (known === undefined) continue;
    try {
      return {
        payloadType: known.payload,
        control: text(media.control),
        presentationControl: text((session as { control?: string | number }).control),
        format: known.codec.format(formatParameters(media, known.payload)),
      };
    } catch (error) {
      if (!(error instanceof CameraRefusedError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  const codecs = quote(videos.flatMap(codecNames).join(", ")) || "an unknown codec";
  const recordable = videoRtpCodecs.map(({ codec }) => codec.name).join(" or ");
  throw new CameraRefusedError(
    `the camera's video is ${codecs}; only ${recordable} can be recorded`,
    `set its encoder to ${recordable}, or name the URL of a stream that is`,
  );
}

/** The first format of a track whose codec can be recorded. */
function findCodec(media: MediaDescription): { codec: RtpCodec; payload: number } | undefined {
  for (const { codec: name, payload } of media.rtp) {
    const codec = videoRtpCodecs.find(({ encodingName }) => encodingName === String(name).toUpperCase());
    if (codec !== undefined) return { codec, payload };
  }
  return findUnmapped(media);
}

/** A format without `a=rtpmap` whose parameters can only be of one codec. */
function findUnmapped(media: MediaDescription): { codec: RtpCodec; payload: number } | undefined {
  for (const codec of videoRtpCodecs) {
    const format = media.fmtp.find(({ config }) => codec.isImpliedBy(String(config)));
    const isMapped = media.rtp.some((map) => map.payload === format?.payload);
    if (format !== undefined && !isMapped) return { codec, payload: format.payload };
  }
  return undefined;
}

/** The codecs of a track; those of static payload types need no `a=rtpmap` (RFC 3551 §6). */
function codecNames(media: MediaDescription): string[] {
  if (media.rtp.length > 0) return media.rtp.map((map) => String(map.codec));
  const payloads = String(media.payloads ?? "").split(/\s+/);
  return payloads.flatMap((payload) => STATIC_CODECS[payload] ?? []);
}

function parseDescription(sdp: string): SessionDescription {
  const lines = sdp.split(/[\r\n]+/);
  if (lines.some((line) => line.length > MAX_LINE_LENGTH)) {
    throw new CameraRefusedError("the camera's session description holds a line without end", "update its firmware");
  }
  return parse(lines.map((line) => line.trimEnd()).join("\r\n"));
}

function text(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** The `name=value` pairs of a track's `a=fmtp`; values may hold `=` themselves (base64). */
function formatParameters(media: MediaDescription, payload: number): Map<string, string> {
  const config = String(media.fmtp.find((format) => format.payload === payload)?.config ?? "");
  const pairs = config.split(";").map((pair) => {
    const equals = pair.indexOf("=");
    return equals === -1
      ? ([pair.trim().toLowerCase(), ""] as const)
      : ([pair.slice(0, equals).trim().toLowerCase(), pair.slice(equals + 1).trim()] as const);
  });
  return new Map(pairs);
}
