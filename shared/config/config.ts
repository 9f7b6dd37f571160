/** The configuration as every service sees it: validated, with defaults filled in and paths made absolute. */
export interface Config {
  storage: StorageConfig;
  redis: RedisConfig;
  /** By id, in the order of the file, including disabled ones. */
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
  /** Nothing is read or written below these folders unless a disk is mounted there. */
  mountPoints: readonly string[];
}

export interface RedisConfig {
  /** A secret: may hold a password. */
  url: string;
}

/** The timers of a camera; the `recorder` stanza gives the defaults, each camera may override them. */
export interface CameraTimers {
  /** A camera that sends nothing for this long after connecting is unresponsive. */
  connectTimeoutMs: number;
  /** A camera that sends nothing for this long on an existing stream is unresponsive. */
  stallTimeoutMs: number;
  /** A session without a keyframe for this long is ended, and a new one begins. */
  keyframeTimeoutMs: number;
  /** The pause before the first retry of a connection; doubled at each failure. */
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
  /** How the certificate of an rtsps:// camera is checked. */
  tls: CameraTls;
  /** How user and password may be sent: "digest" forbids Basic. */
  auth: "any" | "digest";
  /**
   * Other hosts to which user and password are sent when the camera redirects there: `host` (any port) or `host:port`.
   */
  redirectHosts: readonly string[];
  /** Overrides the reaper's `maxAgeDays` for this camera. */
  maxAgeDays?: number;
  /** Overrides the reaper's `maxBytes` for this camera. */
  maxBytes?: number;
}

export interface CameraTls {
  /** false accepts any certificate; `fingerprint` is checked nevertheless. */
  verify: boolean;
  /** File with the certificates (PEM) of the trusted authorities, instead of those that Node trusts. */
  ca?: string;
  /** SHA-256 of the camera's own certificate; then only this is checked. */
  fingerprint?: string;
}

export interface RecorderConfig extends CameraTimers {
  /** Interval between reads of a camera's socket: a longer one costs less CPU time and adds latency. */
  readIntervalMs: number;
  /** Maximum time from a frame's arrival until it is handed to the kernel. */
  flushIntervalMs: number;
  /** Maximum time from a frame's write until it is durable (fdatasync). */
  syncIntervalMs: number;
  /** Bytes that one camera may hold in memory while the disk does not keep up. */
  maxBufferBytes: number;
  /** Free space on each disk that is reserved for conversions. */
  diskReserveBytes: number;
}

export interface ConverterConfig {
  /** Minutes copied at the same time on each disk, in one process. */
  concurrency: number;
  /** Attempts before a chunk goes into quarantine. */
  attempts: number;
  retryDelayMs: number;
  sweepIntervalMs: number;
  /** A chunk without an end block counts as closed when it has not grown for this long. */
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
  /** Footage older than this is deleted; absent: nothing is deleted because of its age. */
  maxAgeDays?: number;
  /** Maximum size of one camera's footage on a disk; absent: it may fill the disk. */
  maxBytes?: number;
  intervalMs: number;
  /** How many days the log of deleted minutes is kept. */
  logDays: number;
  dryRun: boolean;
}

export interface ApiConfig {
  host: string;
  port: number;
  /** Maximum number of cameras converted to MPEG-1 for live view at the same time, in one process. */
  maxMpeg1Streams: number;
  /** Origins of other web sites that may read the api; `*` allows every origin. */
  allowedOrigins: readonly string[];
  /**
   * Host names under which page and api are requested, with ports, in addition to those that `HostGuard` always
   * accepts.
   */
  hosts: readonly string[];
  /** Addresses and networks of the proxies that are trusted to name a request's client, host and protocol. */
  trustedProxies: readonly string[];
}

/** Health, and who is notified of it. */
export interface HealthConfig {
  /** Address at which the services other than the api serve `/health` and `/metrics`; port 0 takes any free port. */
  host: string;
  /** Host names under which these are requested, in addition to those that `HostGuard` always accepts. */
  hosts: readonly string[];
  recorderPort: number;
  converterPort: number;
  reaperPort: number;
  /** What is wrong, or right again, for less than this is not reported. */
  patienceMs: number;
  /** Whether NTP is expected to keep the clock of the api's machine. */
  watchClock: boolean;
  /** http(s) URL that is notified when a condition begins and ends: a secret. Absent: nobody is notified. */
  webhookUrl?: string;
}

export interface LogConfig {
  level: "error" | "warn" | "info" | "debug";
  format: "text" | "json";
}

/** The configuration in force, which may change while the system runs. */
export interface LiveConfig {
  readonly current: Config;
  /** Calls back after each valid change of the file; returns a function that unsubscribes. */
  onChange(listener: (next: Config, previous: Config) => void): () => void;
}
