import { type MediaDescription, parse, type SessionDescription } from "sdp-transform";
import { START_CODE } from "../../../shared/codec/nal-units.ts";
import { CameraRefusedError } from "../errors/camera-error.ts";
import { type Quote, quoteWithoutSecrets } from "../errors/quote.ts";

/** The video track of a DESCRIBE answer: what SETUP and the depacketizer need to know of it. */
export interface VideoTrack {
  payloadType: number;
  /** RTP clock ticks a second; 90,000 for all video. */
  clockRate: number;
  /** `a=control` of the track and of the whole presentation. */
  control: string | undefined;
  presentationControl: string | undefined;
  /** SPS and PPS NAL units of `sprop-parameter-sets` (RFC 6184 §8.1); empty when the camera sends them in band only. */
  parameterSets: Buffer[];
}

const INTERLEAVED_MODE = "2";
const STATIC_CODECS: Record<string, string> = { 26: "JPEG", 31: "H261", 32: "MPEG-1 or 2", 33: "MP2T", 34: "H263" };
const NAL_TYPES_OF_PARAMETER_SETS = [7, 8];
/** "The RTP timestamp clock frequency is 90 kHz" (RFC 6184 §5.1), whatever a camera's `a=rtpmap` says. */
const CLOCK_RATE = 90_000;
/** The parser's patterns shall not toil over hostile lines; the longest real ones, with parameter sets, hold some 500. */
const MAX_LINE_LENGTH = 8192;

/**
 * Finds the first H.264 track of a session description (RFC 4566). Throws CameraRefusedError when there is none that can
 * be recorded, with the reason.
 * @param quote makes the camera's words fit to be shown
 */
export function findVideoTrack(sdp: string, quote: Quote = quoteWithoutSecrets): VideoTrack {
  const session = parseDescription(sdp);
  const videos = session.media.filter((media) => media.type === "video");
  if (videos.length === 0)
    throw new CameraRefusedError("the camera offers no video track", "check the path in its url");
  let isInterleaved = false;
  for (const media of videos) {
    const rtp = media.rtp.find((map) => String(map.codec).toUpperCase() === "H264") ?? unmapped(media);
    if (rtp === undefined) continue;
    const parameters = formatParameters(media, rtp.payload);
    if (parameters.get("packetization-mode") === INTERLEAVED_MODE) {
      isInterleaved = true;
      continue;
    }
    return {
      payloadType: rtp.payload,
      clockRate: CLOCK_RATE,
      control: text(media.control),
      presentationControl: text((session as { control?: string | number }).control),
      parameterSets: decodeParameterSets(parameters.get("sprop-parameter-sets")),
    };
  }
  if (isInterleaved) {
    throw new CameraRefusedError(
      "the camera sends H.264 in interleaved mode (packetization-mode 2), which no recorder here understands",
      "choose another stream or profile of the camera",
    );
  }
  const codecs = quote(videos.flatMap(codecNames).join(", ")) || "an unknown codec";
  throw new CameraRefusedError(
    `the camera's video is ${codecs}; only H.264 can be recorded`,
    "set its encoder to H.264, or name the URL of a stream that is",
  );
}

/** A format without `a=rtpmap` whose parameters are those of H.264 alone (RFC 6184 §8.1). */
function unmapped(media: MediaDescription): { payload: number } | undefined {
  const format = media.fmtp.find(({ config }) => /sprop-parameter-sets|packetization-mode/i.test(String(config)));
  const isMapped = media.rtp.some((map) => map.payload === format?.payload);
  return format === undefined || isMapped ? undefined : format;
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

/**
 * Some cameras put an Annex B start code before each set (moonfire-nvr #213), some send what is no parameter set at all
 * (VStarcam, retina #42): then those count that come in the stream.
 */
function decodeParameterSets(value: string | undefined): Buffer[] {
  return (value ?? "")
    .split(",")
    .map((set) => Buffer.from(set, "base64"))
    .map((set) => (set.subarray(0, START_CODE.length).equals(START_CODE) ? set.subarray(START_CODE.length) : set))
    .filter((nal) => nal.length > 1 && NAL_TYPES_OF_PARAMETER_SETS.includes((nal[0] as number) & 0x1f));
}
