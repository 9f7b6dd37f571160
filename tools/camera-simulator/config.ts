import { readFileSync } from "node:fs";
import type { AuthOptions } from "./auth.ts";
import {
  type Check,
  fields,
  isNumber,
  isObject,
  isPositive,
  isText,
  isTrueOrFalse,
  listOf,
  oneOf,
  optional,
  wholeWithin,
  within,
} from "./checks.ts";
import { CLIP_CHECKS, type ClipOptions, type ClipParameters, clipParameters } from "./clip-parameters.ts";
import { type Faults, parseFaultChange } from "./faults.ts";
import type { AnswerStyle } from "./rtsp-message.ts";

export type TrackKind = "video" | "audio" | "metadata";

/**
 * How a keep-alive is answered: with this status, not at all, with a body that is announced but not sent, with
 * something that is not RTSP, or by closing the connection.
 */
export type OddKeepAlive = number | "silence" | "missing-body" | "garbage" | "hang-up";

/** Ways in which a camera's RTSP is unusual; each is known from real cameras. */
export interface Quirks extends AnswerStyle {
  omitContentBase?: boolean;
  omitContentType?: boolean;
  /** The form of the tracks' URLs in the SDP: track0 | rtsp://…/track0 | rtsp://…/track0?with=query. */
  controlUrls?: "relative" | "absolute" | "query";
  /** 404 to a SETUP or PLAY whose URL is not exactly the one that the camera expects. */
  strictUrls?: boolean;
  /** Methods that are answered with 501. */
  unsupportedMethods?: string[];
  /**
   * How requests that only keep a session alive are answered, by method; those that are not listed get a normal answer.
   */
  keepAlives?: Partial<Record<"OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER", OddKeepAlive>>;
  /** Interleaved channels: those requested, the server's own, or none in the answer. */
  interleaved?: "as-asked" | "own" | "missing";
  /** Whether RTP is sent before the answer to PLAY. */
  dataBeforePlayAnswer?: boolean;
  rtpInfo?: "right" | "missing" | "wrong";
  transportSsrc?: "right" | "missing" | "wrong";
  /** DESCRIBE is answered with a redirect to this URL. */
  redirectTo?: string;
  omitSessionTimeout?: boolean;
}

export interface CameraConfig {
  id: string;
  clip: ClipParameters;
  /** "minute": the clip is 60 s long and begins at each full minute of the wall clock. */
  phase: "free" | "minute";
  /** The frame with which a client begins: the next keyframe, the next frame, or the current GOP at once. */
  join: "keyframe" | "immediately" | "gop-cache";
  /** Whether each access unit has an SEI with its number, so that every one is unique. */
  countable: boolean;
  parameterSets: "both" | "in-band" | "sdp";
  accessUnitDelimiters: boolean;
  /** Whether small NAL units are sent in STAP-A packets. */
  aggregate: boolean;
  maxPacketBytes: number;
  tracks: TrackKind[];
  transports: ("tcp" | "udp")[];
  auth?: AuthOptions;
  /** The sessions' first RTP timestamp, sequence number and SSRC: random when absent. */
  initialTimestamp?: number;
  initialSequence?: number;
  ssrc?: number;
  /** Interval between RTCP sender reports; 0: none. */
  senderReportMs: number;
  /** The error of the camera's own wall clock in its sender reports. */
  senderReportOffsetMs: number;
  sessionTimeoutS: number;
  /** What keeps a session alive: only RTSP requests; these and RTCP; or nothing is needed. */
  keepAlive: "requests" | "any" | "off";
  /** A client that leaves more than this unread is disconnected. */
  maxQueuedBytes: number;
  quirks: Quirks;
  faults: Faults;
}

export interface SimulatorConfig {
  host: string;
  port: number;
  controlPort: number;
  cacheDir: string;
  ffmpeg: string;
  logFile?: string;
  tickMs: number;
  tls?: { port: number; keyFile: string; certFile: string };
  cameras: CameraConfig[];
}

/** The configuration cannot be used; the message says why. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const isOddKeepAlive = optional((value) =>
  typeof value === "number"
    ? wholeWithin(300, 599)(value)
    : oneOf("silence", "missing-body", "garbage", "hang-up")(value),
);

const QUIRK_CHECKS: Record<keyof Quirks, Check> = {
  headerCase: optional(oneOf("lower", "upper")),
  bareLineFeeds: optional(isTrueOrFalse),
  trailingSpaces: optional(isTrueOrFalse),
  omitContentBase: optional(isTrueOrFalse),
  omitContentType: optional(isTrueOrFalse),
  controlUrls: optional(oneOf("relative", "absolute", "query")),
  strictUrls: optional(isTrueOrFalse),
  unsupportedMethods: optional(listOf(isText)),
  keepAlives: optional(
    fields({ OPTIONS: isOddKeepAlive, GET_PARAMETER: isOddKeepAlive, SET_PARAMETER: isOddKeepAlive }),
  ),
  interleaved: optional(oneOf("as-asked", "own", "missing")),
  dataBeforePlayAnswer: optional(isTrueOrFalse),
  rtpInfo: optional(oneOf("right", "missing", "wrong")),
  transportSsrc: optional(oneOf("right", "missing", "wrong")),
  redirectTo: optional(isText),
  omitSessionTimeout: optional(isTrueOrFalse),
};

const CAMERA_CHECKS: Record<keyof CameraConfig | "count", Check> = {
  id: (value) => typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value),
  count: optional(wholeWithin(1, 1000)),
  clip: optional(fields(CLIP_CHECKS)),
  phase: optional(oneOf("free", "minute")),
  join: optional(oneOf("keyframe", "immediately", "gop-cache")),
  countable: optional(isTrueOrFalse),
  parameterSets: optional(oneOf("both", "in-band", "sdp")),
  accessUnitDelimiters: optional(isTrueOrFalse),
  aggregate: optional(isTrueOrFalse),
  maxPacketBytes: optional(wholeWithin(64, 65_000)),
  tracks: optional(listOf(oneOf("video", "audio", "metadata"))),
  transports: optional(listOf(oneOf("tcp", "udp"))),
  auth: optional(
    fields({
      user: isText,
      password: isText,
      schemes: optional(listOf(oneOf("basic", "digest-md5", "digest-sha256"))),
      qop: optional(isTrueOrFalse),
      staleAfterRequests: optional(wholeWithin(0, 1e6)),
    }),
  ),
  initialTimestamp: optional(wholeWithin(0, 0xffffffff)),
  initialSequence: optional(wholeWithin(0, 0xffff)),
  ssrc: optional(wholeWithin(0, 0xffffffff)),
  senderReportMs: optional(isPositive),
  senderReportOffsetMs: optional(isNumber),
  sessionTimeoutS: optional(within(1, 86_400)),
  keepAlive: optional(oneOf("requests", "any", "off")),
  maxQueuedBytes: optional(isPositive),
  quirks: optional(fields(QUIRK_CHECKS)),
  faults: optional(isObject),
};

const TOP_CHECKS: Record<keyof SimulatorConfig, Check> = {
  host: optional(isText),
  port: optional(wholeWithin(0, 65_535)),
  controlPort: optional(wholeWithin(0, 65_535)),
  cacheDir: optional(isText),
  ffmpeg: optional(isText),
  logFile: optional(isText),
  tickMs: optional(within(1, 1000)),
  tls: optional(fields({ port: wholeWithin(0, 65_535), keyFile: isText, certFile: isText })),
  cameras: (value) => Array.isArray(value) && value.length > 0,
};

/**
 * Reads a configuration: the name of a JSON file, or JSON itself.
 * @throws {ConfigError} when it cannot be read or is not valid.
 */
export function readConfig(fileOrJson: string): SimulatorConfig {
  const inline = fileOrJson.trimStart().startsWith("{");
  try {
    return parseConfig(JSON.parse(inline ? fileOrJson : readFileSync(fileOrJson, "utf8")));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`cannot read the configuration: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws {ConfigError} when it is not valid. */
export function parseConfig(value: unknown): SimulatorConfig {
  const given = checked<Partial<SimulatorConfig>>("the configuration", value, TOP_CHECKS);
  return {
    host: "127.0.0.1",
    port: 8554,
    controlPort: 0,
    cacheDir: "/tmp/hindsight-camera-simulator",
    ffmpeg: "ffmpeg",
    tickMs: 1,
    ...given,
    cameras: (given.cameras as unknown[]).flatMap(parseCamera),
  };
}

function parseCamera(value: unknown): CameraConfig[] {
  const { count, clip, auth, faults, ...given } = checked<
    Partial<Omit<CameraConfig, "clip">> & { id: string; count?: number; clip?: ClipOptions }
  >("a camera", value, CAMERA_CHECKS);
  const camera: CameraConfig = {
    phase: "free",
    join: "keyframe",
    countable: true,
    parameterSets: "both",
    accessUnitDelimiters: false,
    aggregate: false,
    maxPacketBytes: 1400,
    tracks: ["video"],
    transports: ["tcp", "udp"],
    senderReportMs: 5000,
    senderReportOffsetMs: 0,
    sessionTimeoutS: 60,
    keepAlive: "any",
    maxQueuedBytes: 8 * 1024 * 1024,
    quirks: {},
    ...given,
    clip: clipParameters({ label: given.id, ...clip }),
    faults: faults === undefined ? {} : parseFaultChange(faults).set,
  };
  if (auth) camera.auth = { ...auth, schemes: auth.schemes ?? ["digest-md5"], qop: auth.qop ?? true };
  if (!camera.tracks.includes("video")) throw new ConfigError(`camera ${camera.id} has no video track`);
  if (count === undefined) return [camera];
  // All share the clip, including its label, so that it is made and kept once.
  return Array.from({ length: count }, (_, i) => ({ ...camera, id: `${camera.id}-${i + 1}` }));
}

function checked<T>(what: string, value: unknown, checks: Record<string, Check>): T {
  if (!isObject(value)) throw new ConfigError(`${what} must be an object`);
  const given = value as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (!(key in checks))
      throw new ConfigError(`${what} has no option ${key}; there are ${Object.keys(checks).join(", ")}`);
  }
  for (const [key, check] of Object.entries(checks)) {
    if (!check(given[key])) throw new ConfigError(`${what}: ${key} does not take ${JSON.stringify(given[key])}`);
  }
  return value as T;
}
