import type { Condition, ConditionId } from "../../../shared/health/condition.ts";
import type { CameraStatus } from "../../../shared/status/camera-status.ts";
import type { ServiceStatus } from "../../../shared/status/status-store.ts";
import { cameraFindings, type WordedFinding } from "./camera-findings.ts";
import { diskFindings } from "./disk-findings.ts";
import type { DiskStatus } from "./disks.ts";
import { systemNotes } from "./notes.ts";
import { type Backlog, isRecording, type Observation } from "./observation.ts";
import { redisFindings } from "./redis-findings.ts";
import { systemFindings } from "./system-findings.ts";
import type { SystemProblem } from "./system-problem.ts";

export interface SystemStatus {
  status: "running" | "error";
  /** Enabled cameras: whether they are being recorded. */
  camera: Record<string, boolean>;
  /** What is wrong now; the conditions are what lasts. */
  problems: SystemProblem[];
  /** What needs attention but is not an error. */
  warnings: SystemProblem[];
  /** What is worth knowing: nothing is wrong, but the setup guarantees less than it could. */
  notes: SystemProblem[];
  cameras: CameraStatus[];
  services: ServiceStatus[];
  disks: DiskStatus[];
  backlog: Backlog | null;
}

/** What an observation means. */
export interface Judgement {
  status: SystemStatus;
  findings: WordedFinding[];
  /** Whether the observation cannot tell if this condition still holds. */
  isUnknown(condition: Condition): boolean;
}

/** Judges an observation. Pure, so that every kind of trouble can be tested. */
export function judgeSystem(seen: Observation): Judgement {
  const disks = seen.disks.map((disk) => ({ ...disk, ...foreseen(disk, seen.services ?? []) }));
  const findings = [
    ...redisFindings(seen),
    ...cameraFindings(seen),
    ...systemFindings(seen),
    ...diskFindings(seen, disks),
  ];
  const problems = findings.filter(({ severity, isNear }) => severity === "error" && isNear !== true);
  const warnings = findings.filter(({ severity, isNear }) => severity === "warning" && isNear !== true);
  const enabled = new Set(seen.enabled);
  const status: SystemStatus = {
    status: problems.length === 0 ? "running" : "error",
    camera: Object.fromEntries(seen.enabled.map((camera) => [camera, isRecording(camera, seen)])),
    problems: problems.map(problemOf),
    warnings: warnings.map(problemOf),
    notes: systemNotes(seen),
    cameras: (seen.statuses ?? []).filter((each) => enabled.has(each.camera)),
    services: [...(seen.services ?? [])],
    disks,
    backlog: seen.backlog ?? null,
  };
  return { status, findings, isUnknown: (condition) => isUnknown(condition, seen) };
}

/** The reaper's forecast for a disk, found by a camera directory that both list. */
function foreseen(
  disk: DiskStatus,
  services: readonly ServiceStatus[],
): Pick<DiskStatus, "daysThatFit" | "inodesRunOutFirst" | "oldestDay"> {
  const forecast = services
    .flatMap(({ forecasts }) => forecasts ?? [])
    .find(({ directories }) => directories.some((directory) => disk.directories.includes(directory)));
  const { daysThatFit, inodesRunOutFirst, oldestDay } = forecast ?? {};
  return {
    ...(daysThatFit !== undefined && { daysThatFit }),
    ...(inodesRunOutFirst !== undefined && { inodesRunOutFirst }),
    ...(oldestDay !== undefined && { oldestDay }),
  };
}

/** Whether there is a forecast for a directory's disk: a reaper that has just started has none yet. */
function isForeseen(directory: string, services: readonly ServiceStatus[]): boolean {
  const forecasts = services.flatMap((service) => service.forecasts ?? []);
  return forecasts.some(({ directories, daysThatFit }) => daysThatFit !== undefined && directories.includes(directory));
}

const SUBJECTS: Record<ConditionId, { what: SystemProblem["what"]; key?: "camera" | "service" | "disk" }> = {
  "camera-not-recording": { what: "camera", key: "camera" },
  "camera-clock-off": { what: "clock", key: "camera" },
  "footage-missing": { what: "camera", key: "camera" },
  "redis-away": { what: "redis" },
  "redis-evicts": { what: "redis" },
  "redis-replica": { what: "redis" },
  "redis-outdated": { what: "redis" },
  "service-missing": { what: "service", key: "service" },
  "service-problem": { what: "service", key: "service" },
  "configuration-refused": { what: "configuration" },
  "conversion-behind": { what: "conversion" },
  "conversion-failed": { what: "conversion" },
  "chunk-quarantined": { what: "conversion", key: "camera" },
  "disk-unreadable": { what: "disk", key: "disk" },
  "disk-full": { what: "disk", key: "disk" },
  "disk-filling": { what: "disk", key: "disk" },
  "retention-short": { what: "disk", key: "disk" },
  "clocks-disagree": { what: "clock" },
  "clock-stepped": { what: "clock" },
  "clock-unsynchronized": { what: "clock" },
};

function problemOf({ id, subject, since, message, brief, advice }: WordedFinding): SystemProblem {
  const { what, key } = SUBJECTS[id];
  return {
    what,
    ...(key !== undefined && { [key]: subject }),
    ...(since !== undefined && { since }),
    message: brief ?? message,
    todo: advice,
  };
}

/**
 * Whether the observation lacks what is needed to judge this condition. Missing data must not end a condition; data
 * that the condition does not depend on must not prevent its end.
 */
function isUnknown({ id, subject }: Condition, seen: Observation): boolean {
  switch (id) {
    case "service-missing":
    case "service-problem":
    case "configuration-refused":
      return seen.services === undefined;
    case "redis-evicts":
    case "redis-replica":
    case "redis-outdated":
      return seen.redisFacts === undefined;
    case "clock-unsynchronized":
      return seen.clockSync === "unknown";
    case "conversion-failed":
      return seen.backlog === undefined;
    case "camera-clock-off":
      return seen.statuses === undefined || (seen.enabled.includes(subject) && !isRecording(subject, seen));
    case "clocks-disagree":
      return seen.statuses === undefined;
    case "footage-missing":
      if (!seen.enabled.includes(subject)) return false;
      return !isRecording(subject, seen) || seen.footage?.has(subject) !== true;
    case "chunk-quarantined":
      return seen.quarantined?.has(subject) !== true;
    case "conversion-behind":
      return seen.footage === undefined;
    case "disk-full":
    case "disk-filling":
      return seen.broken.length > 0;
    case "retention-short":
      return seen.reaperMinFreePercent !== undefined && !isForeseen(subject, seen.services ?? []);
    default:
      return false;
  }
}
