import type { Condition } from "../../../../../shared/health/condition.ts";
import type { CameraStatus } from "../../../../../shared/status/camera-status.ts";

/** The api's answers, as docs/api.md describes them. (Issue 12 replaces this file by one generated from OpenAPI.) */

export interface SystemProblem {
  message: string;
  todo?: string;
  what?: string;
  camera?: string;
  service?: string;
  disk?: string;
  /** ISO 8601 UTC. */
  since?: string;
}

export interface Disk {
  directories?: string[];
  totalBytes: number;
  freeBytes: number;
  usedPercent: number;
  /** At the rate of the last days; absent while the reaper does not tell. */
  daysThatFit?: number;
}

export interface Backlog {
  waiting: number;
  active: number;
  failed: number;
}

/** The payload of system.json. */
export interface SystemStatus {
  status: "running" | "error";
  /** The enabled cameras: whether they are being recorded. */
  camera: Record<string, boolean>;
  /** What is wrong and has lasted: errors first. */
  health: Condition[];
  /** What is wrong at this moment. */
  problems: SystemProblem[];
  cameras: CameraStatus[];
  disks: Disk[];
  /** null while Redis is away. */
  backlog: Backlog | null;
}

export type MinuteState = "ready" | "recording" | "waiting" | "quarantined";

export interface ListedMinute {
  /** `YYYYMMDD.HHMM`, UTC. */
  name: string;
  start: string;
  state: MinuteState;
  sizeBytes?: number;
  hasPreview: boolean;
  hasThumbnail: boolean;
  copy?: number;
}

export interface MinuteEvent {
  camera: string;
  name: string;
  hasThumbnail: boolean;
}

export interface Envelope<Payload> {
  date: string;
  system: { name: string; version: string };
  payload: Payload;
}
