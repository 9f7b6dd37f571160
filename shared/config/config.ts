/** The configuration as every service sees it: validated, with defaults filled in and paths made absolute. */
export interface Config {
  storage: StorageConfig;
  redis: RedisConfig;
  /** By id, in the order of the file; disabled ones included. */
  cameras: ReadonlyMap<string, CameraConfig>;
  recorder: RecorderConfig;
  converter: ConverterConfig;
  /** Absent when the file has no `reaper` stanza: then nothing is ever deleted. */
  reaper?: ReaperConfig;
  api: ApiConfig;
  health: HealthConfig;
  log: LogConfig;
}

export interface StorageConfig {
  root: string;
  /** Nothing is looked for or written below these folders while no disk is mounted there. */
  mountPoints: readonly string[];
}

export interface RedisConfig {
  /** A secret: may hold a password. */
  url: string;
}

/** The timers of a camera; the `recorder` stanza gives the defaults, each camera may override them. */
export interface CameraTimers {
  /** A camera not heard of for so long after connecting is unresponsive. */
  connectTimeoutMs: number;
  /** A camera silent for so long on an existing stream is unresponsive. */
  stallTimeoutMs: number;
  /** No keyframe for so long: the session is given up and begun anew. */
  keyframeTimeoutMs: number;
  /** The first pause before a connection is tried again; doubled at each failure. */
  retryMinMs: number;
  retryMaxMs: number;
}

export interface CameraConfig extends CameraTimers {
  id: string;
  enabled: boolean;
  /** rtsp:// URL with credentials: a secret. */
  url: string;
  directory: string;
  transport: "tcp" | "udp";
  /** How the certificate of an rtsps:// camera is judged. */
  tls: CameraTls;
  /** How user and password may be sent: "digest" forbids Basic. */
  auth: "any" | "digest";
  /** Other hosts that may have user and password when the camera redirects there: `host`, at any port, or `host:port`. */
  redirectHosts: readonly string[];
  /** Overrides the reaper's `maxAgeDays` for this camera. */
  maxAgeDays?: number;
  /** Overrides the reaper's `maxBytes` for this camera. */
  maxBytes?: number;
}

export interface CameraTls {
  /** false takes any certificate; what `fingerprint` says counts all the same. */
  verify: boolean;
  /** File of the authorities' certificates (PEM), instead of those known to Node. */
  ca?: string;
  /** SHA-256 of the camera's own certificate; then nothing else counts. */
  fingerprint?: string;
}

export interface RecorderConfig extends CameraTimers {
  /** How often a camera's socket is read: longer is cheaper, and later. */
  readIntervalMs: number;
  /** A frame is handed to the kernel at most so long after it came. */
  flushIntervalMs: number;
  /** A frame is made durable (fdatasync) at most so long after it was written. */
  syncIntervalMs: number;
  /** Bytes that one camera may hold in memory when the disk does not keep up. */
  maxBufferBytes: number;
  /** Free space on each disk that is left to conversions. */
  diskReserveBytes: number;
}

export interface ConverterConfig {
  /** Minutes converted at the same time in one process. */
  concurrency: number;
  /** Attempts before a chunk goes into quarantine. */
  attempts: number;
  retryDelayMs: number;
  sweepIntervalMs: number;
  /** A chunk without end block counts as closed when it has not grown for so long. */
  chunkIdleMs: number;
  ffmpegPath: string;
  ffmpegTimeoutMs: number;
  /** Pictures with more pixels are not decoded. */
  maxPixels: number;
  thumbnailWidth: number;
}

export interface ReaperConfig {
  minFreePercent: number;
  minFreeBytes: number;
  /** Footage older than this goes; absent: age alone removes nothing. */
  maxAgeDays?: number;
  /** What one camera's footage may take up; absent: it may fill the disk. */
  maxBytes?: number;
  intervalMs: number;
  /** How long it can be asked why a minute is gone. */
  logDays: number;
  dryRun: boolean;
}

export interface ApiConfig {
  host: string;
  port: number;
  /** Cameras converted to MPEG-1 for live view at the same time, in one process. */
  maxMpeg1Streams: number;
  /** Origins of other web sites that may read the api; `*` is every one. */
  allowedOrigins: readonly string[];
  /** Names by which page and api are asked for, with ports, beside those that `AllowedHosts` knows by itself. */
  hosts: readonly string[];
  /** Addresses and networks of the proxies whose word on a request's client, host and protocol counts. */
  trustedProxies: readonly string[];
}

/** Health, and who is told of it. */
export interface HealthConfig {
  /** Where the services that are not the api serve `/health` and `/metrics`; port 0 takes any free one. */
  host: string;
  /** Names by which these are asked for, beside those that `AllowedHosts` knows by itself. */
  hosts: readonly string[];
  recorderPort: number;
  converterPort: number;
  reaperPort: number;
  /** What is wrong, or right again, for less than so long is not told. */
  patienceMs: number;
  /** Whether NTP is to keep the clock of the api's machine. */
  watchClock: boolean;
  /** http(s) URL that is told when a condition begins and ends: a secret. Absent: nobody is told. */
  webhookUrl?: string;
}

export interface LogConfig {
  level: "error" | "warn" | "info" | "debug";
  format: "text" | "json";
}

/** The configuration in force, which may change while the system runs. */
export interface LiveConfig {
  readonly current: Config;
  /** Calls back after each valid change of the file; returns a function that ends it. */
  onChange(listener: (next: Config, previous: Config) => void): () => void;
}
