import { VIDEO_PAYLOAD_TYPE } from "./access-unit.ts";
import type { Clip } from "./clip.ts";
import type { CameraConfig, TrackKind } from "./config.ts";
import { AUDIO_PAYLOAD_TYPE, METADATA_PAYLOAD_TYPE } from "./side-tracks.ts";

export interface SdpContext {
  config: CameraConfig;
  clip: Clip;
  /** The camera's URL with a trailing slash. */
  baseUrl: string;
  h265Only: boolean;
}

/** The control attribute of a track, as the camera writes it. */
export function controlUrl(config: CameraConfig, baseUrl: string, index: number): string {
  switch (config.quirks.controlUrls ?? "relative") {
    case "absolute":
      return `${baseUrl}track${index}`;
    case "query":
      return `${baseUrl}track${index}?transportmode=unicast&profile=main`;
    default:
      return `track${index}`;
  }
}

/** The session description (RFC 8866, RFC 6184 §8.2.1). */
export function buildSdp({ config, clip, baseUrl, h265Only }: SdpContext): string {
  const lineEnd = config.quirks.bareLineFeeds ? "\n" : "\r\n";
  const absolute = config.quirks.controlUrls === "absolute" || config.quirks.controlUrls === "query";
  const lines = [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    `s=${config.id}`,
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    `a=control:${absolute ? baseUrl : "*"}`,
    "a=range:npt=now-",
  ];
  config.tracks.forEach((kind, index) => {
    lines.push(...mediaLines(kind, config, clip, h265Only), `a=control:${controlUrl(config, baseUrl, index)}`);
  });
  return lines.map((line) => line + (config.quirks.trailingSpaces && isAttribute(line) ? " " : "") + lineEnd).join("");
}

/**
 * Whether a line may end with a space, as some cameras write it; in other lines ffmpeg would take it as part of an
 * address or URL.
 */
function isAttribute(line: string): boolean {
  return line.startsWith("m=") || (line.startsWith("a=") && !line.startsWith("a=control:"));
}

function mediaLines(kind: TrackKind, config: CameraConfig, clip: Clip, h265Only: boolean): string[] {
  if (kind === "audio") return [`m=audio 0 RTP/AVP ${AUDIO_PAYLOAD_TYPE}`, "a=rtpmap:0 PCMU/8000"];
  if (kind === "metadata") {
    const type = METADATA_PAYLOAD_TYPE;
    return [`m=application 0 RTP/AVP ${type}`, `a=rtpmap:${type} vnd.onvif.metadata/90000`];
  }
  const type = VIDEO_PAYLOAD_TYPE;
  const media = [`m=video 0 RTP/AVP ${type}`, `b=AS:${Math.ceil(clip.parameters.bitrateKbit)}`];
  if (h265Only)
    return [...media, `a=rtpmap:${type} H265/90000`, `a=fmtp:${type} sprop-vps=QAEMAf//;sprop-sps=QgEB;sprop-pps=RAHA`];
  const profile = clip.sps.subarray(1, 4).toString("hex").toUpperCase();
  const format = ["packetization-mode=1", `profile-level-id=${profile}`];
  if (config.parameterSets !== "in-band") {
    format.push(`sprop-parameter-sets=${clip.sps.toString("base64")},${clip.pps.toString("base64")}`);
  }
  return [
    ...media,
    `a=rtpmap:${type} H264/90000`,
    `a=fmtp:${type} ${format.join(";")}`,
    `a=framerate:${clip.parameters.fps}`,
  ];
}
