import type { RedisTrouble } from "../../../shared/redis/redis-probe.ts";
import type { CameraStatus } from "../../../shared/status/camera-status.ts";
import type { ServiceStatus } from "../../../shared/status/status-store.ts";
import type { ClockSyncState } from "./clock-sync.ts";
import type { ClockStep } from "./clock-watch.ts";
import type { BrokenDirectory, DiskStatus } from "./disks.ts";
import type { CameraFootage } from "./footage-check.ts";
import type { RedisFacts } from "./redis-facts.ts";

export interface Backlog {
  /** Minutes that wait for their conversion. */
  waiting: number;
  /** Minutes that are being converted. */
  active: number;
  /** Conversions that were given up. */
  failed: number;
}

/** What was seen of the system. What did not answer in time is undefined, and is judged neither good nor bad. */
export interface Observation {
  /** The time of the observation, ms since the Unix epoch. */
  nowMs: number;
  /** The ids of the enabled cameras, in the order of the configuration. */
  enabled: readonly string[];
  /** `statuses`, `services` and `backlog` come from Redis. */
  statuses: readonly CameraStatus[] | undefined;
  services: readonly ServiceStatus[] | undefined;
  backlog: Backlog | undefined;
  /** Why Redis does not accept writes; undefined when it does. */
  redisTrouble: RedisTrouble | undefined;
  /** How Redis is set up; without members where it does not say. */
  redisFacts: RedisFacts | undefined;
  /** Enabled cameras whose chunk was written to within the last seconds; determined only while Redis is away. */
  writing: ReadonlySet<string>;
  /** Chunks in quarantine, by camera. */
  quarantined: ReadonlyMap<string, number> | undefined;
  /** By camera, gaps within the last quarter of an hour and waiting minutes; without cameras that cannot be read. */
  footage: ReadonlyMap<string, CameraFootage> | undefined;
  disks: readonly DiskStatus[];
  broken: readonly BrokenDirectory[];
  /** How much the reaper must keep free, in percent; undefined without a reaper stanza. */
  reaperMinFreePercent: number | undefined;
  /** Whether NTP keeps this host's clock. */
  clockSync: ClockSyncState;
  /** The newest step of this host's clock within the last hour. */
  clockStep?: ClockStep;
}

/** Whether a camera records: by its recorder's report, or while Redis is away by its growing chunk. */
export function isRecording(camera: string, seen: Observation): boolean {
  if (seen.statuses === undefined) return seen.writing.has(camera);
  return seen.statuses.find((status) => status.camera === camera)?.state === "recording";
}
