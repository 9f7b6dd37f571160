import { LARGEST_PIXELS } from "../pictures/picture-size.ts";
import {
  byteSize,
  choice,
  decimal,
  duration,
  fingerprint,
  host,
  hosts,
  httpUrl,
  type Leaf,
  networks,
  optional,
  origins,
  path,
  paths,
  port,
  redisUrl,
  rtspUrl,
  switchLeaf,
  wholeNumber,
} from "./formats.ts";
import { DAYS_PER_CENTURY, LONGEST_TIMER_MS } from "./limits.ts";

export interface Schema {
  [key: string]: Schema | Leaf<unknown>;
}

/** What a validated stanza holds. */
export type Values<S> = { [K in keyof S]: S[K] extends Leaf<infer Value> ? Value : Values<S[K]> };

const timer = { max: LONGEST_TIMER_MS };

const TIMERS = {
  connectTimeout: {
    doc: "A camera not heard of for so long after connecting is unresponsive: close, and try again.",
    default: "30s",
    env: "NVR_RECORDER_CONNECT_TIMEOUT",
    min: 1000,
    ...timer,
  },
  stallTimeout: {
    doc: "A camera silent for so long on an existing stream is unresponsive: close, and try again. One that sends no video, but other signs of life, gets longer: see cameras.md. Raise it for a camera that sends frames more rarely.",
    default: "5s",
    env: "NVR_RECORDER_STALL_TIMEOUT",
    min: 1000,
    ...timer,
  },
  keyframeTimeout: {
    doc: "A stream without a keyframe for so long is given up and begun anew.",
    default: "5min",
    env: "NVR_RECORDER_KEYFRAME_TIMEOUT",
    min: 1000,
    ...timer,
  },
  retryMin: {
    doc: "The pause before a failed connection is tried again; doubled at each further failure.",
    default: "1s",
    env: "NVR_RECORDER_RETRY_MIN",
    min: 100,
    ...timer,
  },
  retryMax: {
    doc: "The longest pause between two tries to connect.",
    default: "30s",
    env: "NVR_RECORDER_RETRY_MAX",
    min: 100,
    ...timer,
  },
};

/** Every key outside `cameras` and `reaper`. */
export const mainSchema = {
  storage: {
    root: path({
      doc: "The folder that holds the footage. A relative path starts at the folder in which the services run: the project's top.",
      default: "./data/recordings",
      env: "NVR_STORAGE_ROOT",
    }),
    mountPoints: paths({
      doc: "Where the disks of the footage are mounted. While nothing is mounted at one of them, nothing is recorded, converted or deleted below it, and that is told: otherwise the footage of a disk that is away fills the folder on which it is mounted, and is hidden once the disk is back.",
      default: [],
      env: "NVR_STORAGE_MOUNT_POINTS",
    }),
  },
  redis: {
    url: redisUrl({
      doc: "The Redis server for jobs, leases and live status; a secret where it holds a password.",
      default: "redis://127.0.0.1:6379",
      env: "REDIS_URL",
    }),
  },
  recorder: {
    connectTimeout: duration(TIMERS.connectTimeout),
    stallTimeout: duration(TIMERS.stallTimeout),
    keyframeTimeout: duration(TIMERS.keyframeTimeout),
    retryMin: duration(TIMERS.retryMin),
    retryMax: duration(TIMERS.retryMax),
    readInterval: duration({
      doc: "How often a camera's socket is read: longer costs less CPU, and frames come later.",
      default: "250ms",
      env: "NVR_RECORDER_READ_INTERVAL",
      min: 10,
      max: 1000,
    }),
    flushInterval: duration({
      doc: "A frame is handed to the kernel, and so survives a crash of the recorder, at most so long after it came.",
      default: "1s",
      env: "NVR_RECORDER_FLUSH_INTERVAL",
      min: 10,
      max: 1000,
    }),
    syncInterval: duration({
      doc: "A frame is on the disk (fdatasync), and so survives a power loss, at most so long after it was written.",
      default: "5s",
      env: "NVR_RECORDER_SYNC_INTERVAL",
      min: 100,
      max: 3_600_000,
    }),
    maxBuffer: byteSize({
      doc: "How much one camera may hold in memory while its disk does not keep up; beyond it whole GOPs are dropped.",
      default: "64MiB",
      env: "NVR_RECORDER_MAX_BUFFER",
      min: 2 ** 20,
    }),
    diskReserve: byteSize({
      doc:
        "Room on each disk that is left to conversions: with less, recording waits in memory until there is more. On a disk " +
        "that is quite full nothing can be converted, and so no chunk removed.",
      default: "512MiB",
      env: "NVR_RECORDER_DISK_RESERVE",
      min: 0,
    }),
  },
  converter: {
    concurrency: wholeNumber({
      doc: "Minutes that one converter copies at the same time on each disk.",
      default: 4,
      env: "NVR_CONVERTER_CONCURRENCY",
      min: 1,
      max: 64,
    }),
    attempts: wholeNumber({
      doc: "Attempts at a minute before its chunks are kept in quarantine.",
      default: 5,
      env: "NVR_CONVERTER_ATTEMPTS",
      min: 1,
      max: 100,
    }),
    retryDelay: duration({
      doc: "The pause before a failed conversion is tried again; doubled at each further failure.",
      default: "5s",
      env: "NVR_CONVERTER_RETRY_DELAY",
      ...timer,
    }),
    sweepInterval: duration({
      doc: "How often the folders are looked through for closed chunks that have no job.",
      default: "60s",
      env: "NVR_CONVERTER_SWEEP_INTERVAL",
      min: 1000,
      ...timer,
    }),
    chunkIdle: duration({
      doc: "A chunk without an end block counts as closed when it has not grown for so long.",
      default: "30s",
      env: "NVR_CONVERTER_CHUNK_IDLE",
      min: 10_000,
      ...timer,
    }),
    ffmpegPath: path({
      doc: "The ffmpeg program: a path, or a name that is looked up in PATH.",
      default: "ffmpeg",
      env: "NVR_CONVERTER_FFMPEG_PATH",
    }),
    ffmpegTimeout: duration({
      doc: "An ffmpeg that takes longer for one picture is killed.",
      default: "20s",
      env: "NVR_CONVERTER_FFMPEG_TIMEOUT",
      min: 1000,
      ...timer,
    }),
    maxPixels: wholeNumber({
      doc: "Larger pictures are not decoded: their minutes have no preview and no thumbnail, and are not shown as MPEG-1. The default is the largest picture that H.264 knows, 8192x4352; ffmpeg's memory is limited to fit, where the system has prlimit.",
      default: LARGEST_PIXELS,
      env: "NVR_CONVERTER_MAX_PIXELS",
      min: 65_536,
      max: 2 ** 28,
    }),
    thumbnailWidth: wholeNumber({
      doc: "Width of thumbnails in pixels.",
      default: 320,
      env: "NVR_CONVERTER_THUMBNAIL_WIDTH",
      min: 16,
      max: 4096,
    }),
  },
  api: {
    host: host({
      doc: 'The address that page and API are served at; "0.0.0.0" is every address of this machine. There is no login: put a proxy with one in front before you open it to others.',
      default: "127.0.0.1",
      env: "NVR_API_HOST",
    }),
    port: port({ doc: "The port of page and API; 0 takes any free one.", default: 8080, env: "NVR_API_PORT" }),
    maxMpeg1Streams: wholeNumber({
      doc: "Cameras that one api converts to MPEG-1 at a time, an ffmpeg each, for live view in browsers that cannot play the camera's own stream; 0 turns it off.",
      default: 4,
      env: "NVR_API_MAX_MPEG1_STREAMS",
      min: 0,
      max: 64,
    }),
    allowedOrigins: origins({
      doc: "Other web sites whose scripts may read the API and watch live (CORS). Whoever opens such a site sees there what they can see here.",
      default: [],
      env: "NVR_API_ALLOWED_ORIGINS",
    }),
    hosts: hosts({
      doc: "The names by which page and API are opened, each with its port where that is another than 80 and 443, beside localhost and the addresses that they are served at: a proxy's, this machine's in the network. Requests for any other are refused. proxy.md tells more.",
      default: [],
      env: "NVR_API_HOSTS",
    }),
    trustedProxies: networks({
      doc: "The proxies in front, whose X-Forwarded-For, -Host and -Proto (or Forwarded) count; what others send of these is passed over. proxy.md tells more.",
      default: [],
      env: "NVR_API_TRUSTED_PROXIES",
    }),
  },
  health: {
    host: host({
      doc: "The address at which recorder, converter and reaper serve /health and /metrics.",
      default: "127.0.0.1",
      env: "NVR_HEALTH_HOST",
    }),
    hosts: hosts({
      doc: "The names by which /health and /metrics are asked for there, beside localhost and the addresses that they are served at, such as those by which Prometheus knows the services.",
      default: [],
      env: "NVR_HEALTH_HOSTS",
    }),
    recorderPort: port({
      doc: "The recorder's port for them; when it is taken (a second recorder), any free one.",
      default: 8081,
      env: "NVR_HEALTH_RECORDER_PORT",
    }),
    converterPort: port({ doc: "The converter's.", default: 8082, env: "NVR_HEALTH_CONVERTER_PORT" }),
    reaperPort: port({ doc: "The reaper's.", default: 8083, env: "NVR_HEALTH_REAPER_PORT" }),
    patience: duration({
      doc: "What is wrong for less than so long is not told, and what is right again for less than so long has not ended: a camera that comes back at once is no news.",
      default: "15s",
      env: "NVR_HEALTH_PATIENCE",
      min: 1000,
      max: 3_600_000,
    }),
    watchClock: switchLeaf({
      doc: "Whether the api tells when NTP does not keep its machine's clock; false where something keeps it that the kernel does not know of, as a hypervisor may.",
      default: true,
      env: "NVR_HEALTH_WATCH_CLOCK",
    }),
    webhookUrl: optional(
      httpUrl({
        doc: "Told, by a POST of JSON, of everything that goes wrong and of its end; a secret, for whoever knows it can write there. health.md describes the messages.",
        default: null,
        env: "NVR_HEALTH_WEBHOOK_URL",
      }),
    ),
  },
  log: {
    level: choice({
      doc: "The least important messages that are logged.",
      default: "info",
      env: "NVR_LOG_LEVEL",
      options: ["error", "warn", "info", "debug"],
    }),
    format: choice({
      doc: "Lines for people, or one JSON object a line.",
      default: "text",
      env: "NVR_LOG_FORMAT",
      options: ["text", "json"],
    }),
  },
};

/** One entry of `cameras`. Timers that are left out come from the `recorder` stanza. */
export const cameraSchema = {
  url: rtspUrl({
    doc: "The camera's RTSP URL with user and password. It never shows in a log, an answer or on the page.",
    default: "",
  }),
  enabled: switchLeaf({ doc: "false stops the recording; what was recorded stays.", default: true }),
  directory: optional(
    path({
      doc: "Where this camera's footage goes, such as another disk; otherwise `{storage.root}/{id}`.",
      default: null,
    }),
  ),
  transport: choice({
    doc: "How the video comes: inside the RTSP connection, or as UDP packets beside it, of which some may be lost.",
    default: "tcp",
    options: ["tcp", "udp"],
  }),
  tls: {
    verify: switchLeaf({
      doc: "Of an rtsps:// camera: false takes any certificate, so that somebody in between can read password and video. Better is `fingerprint`.",
      default: true,
    }),
    fingerprint: optional(
      fingerprint({
        doc: "The camera's own certificate, mostly self-signed. `./nvr check` and the log name the one that was seen; compare it with what the camera shows.",
        default: null,
      }),
    ),
    ca: optional(
      path({
        doc: "A file with the certificates (PEM) of the authorities that count, instead of the well-known ones.",
        default: null,
      }),
    ),
  },
  auth: choice({
    doc: 'How user and password may be sent: "digest" forbids Basic, which sends the password itself; "any" takes Basic from a camera that offers nothing else.',
    default: "any",
    options: ["any", "digest"],
  }),
  redirectHosts: hosts({
    doc: "Other hosts that are given user and password when the camera redirects there, `host` at any port or `host:port`. Redirects to all others are followed without.",
    default: [],
  }),
  connectTimeout: optional(cameraTimer(TIMERS.connectTimeout)),
  stallTimeout: optional(cameraTimer(TIMERS.stallTimeout)),
  keyframeTimeout: optional(cameraTimer(TIMERS.keyframeTimeout)),
  retryMin: optional(cameraTimer(TIMERS.retryMin)),
  retryMax: optional(cameraTimer(TIMERS.retryMax)),
  maxAgeDays: optional(
    decimal({
      doc: "The reaper removes this camera's footage when it is older; otherwise `reaper.maxAgeDays`.",
      default: null,
      min: 0.01,
      max: DAYS_PER_CENTURY,
    }),
  ),
  maxBytes: optional(
    byteSize({
      doc: "The reaper removes this camera's oldest footage when it takes up more on a disk; otherwise `reaper.maxBytes`.",
      default: null,
      min: 1,
    }),
  ),
};

/** The two keys whose values are objects; their environment variables hold JSON. */
export const JSON_ENV = { cameras: "NVR_CAMERAS", reaper: "NVR_REAPER" } as const;

function cameraTimer({ env: _env, ...options }: (typeof TIMERS)[keyof typeof TIMERS]): Leaf<number> {
  return duration({ ...options, default: null });
}
