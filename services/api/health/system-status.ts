import type { CameraStatus } from "../../../shared/status/camera-status.ts";
import type { ServiceStatus } from "../../../shared/status/status-store.ts";
import type { BrokenDirectory, DiskStatus } from "./disks.ts";

/** Something that is wrong, in words for the operator. */
export interface SystemProblem {
  what: "camera" | "redis" | "service" | "conversion" | "disk";
  camera?: string;
  /** recorder, converter, reaper or api. */
  service?: string;
  /** A directory on the disk in question. */
  disk?: string;
  /** ISO 8601 UTC: since when, or since when the api has noticed. */
  since?: string;
  message: string;
  /** What to do about it. */
  todo?: string;
}

export interface Backlog {
  /** Minutes that wait for their conversion. */
  waiting: number;
  /** Minutes that are being converted. */
  active: number;
  /** Conversions that were given up. */
  failed: number;
}

/** What was seen of the system. What Redis tells is undefined while Redis is away. */
export interface Observation {
  /** The ids of the enabled cameras, in the order of the configuration. */
  enabled: readonly string[];
  statuses: readonly CameraStatus[] | undefined;
  services: readonly ServiceStatus[] | undefined;
  backlog: Backlog | undefined;
  /** Enabled cameras of which a chunk grew within the last seconds; looked at only while Redis is away. */
  writing: ReadonlySet<string>;
  /** Chunks in quarantine, by camera. */
  quarantined: ReadonlyMap<string, number>;
  disks: readonly DiskStatus[];
  broken: readonly BrokenDirectory[];
  /** What the reaper is to keep free, in percent; undefined without a reaper stanza. */
  reaperMinFreePercent: number | undefined;
}

export interface SystemStatus {
  status: "running" | "error";
  /** Enabled cameras: whether they are being recorded. */
  camera: Record<string, boolean>;
  problems: SystemProblem[];
  /** What needs attention, but is no error. */
  warnings: SystemProblem[];
  cameras: CameraStatus[];
  services: ServiceStatus[];
  disks: DiskStatus[];
  backlog: Backlog | null;
}

const FULL_PERCENT = 90;
const NO_SPACE_PERCENT = 99;

/** What the observation means: pure, so that every kind of trouble can be tried. */
export function judgeSystem(seen: Observation): SystemStatus {
  const recording = new Map(seen.enabled.map((camera) => [camera, isRecording(camera, seen)]));
  const problems = [
    ...redisProblems(seen),
    ...seen.enabled.filter((camera) => recording.get(camera) !== true).map((camera) => cameraProblem(camera, seen)),
    ...serviceProblems(seen),
    ...conversionProblems(seen),
    ...diskProblems(seen),
  ];
  const enabled = new Set(seen.enabled);
  return {
    status: problems.length === 0 ? "running" : "error",
    camera: Object.fromEntries(recording),
    problems,
    warnings: diskWarnings(seen),
    cameras: (seen.statuses ?? []).filter((status) => enabled.has(status.camera)),
    services: [...(seen.services ?? [])],
    disks: seen.disks.map((disk) => ({ ...disk, ...foreseen(disk, seen.services ?? []) })),
    backlog: seen.backlog ?? null,
  };
}

/** What the reaper foresees for a disk: found by a camera directory that both name. */
function foreseen(disk: DiskStatus, services: readonly ServiceStatus[]): Pick<DiskStatus, "daysThatFit" | "oldestDay"> {
  const forecast = services
    .flatMap(({ forecasts }) => forecasts ?? [])
    .find(({ directories }) => directories.some((directory) => disk.directories.includes(directory)));
  const { daysThatFit, oldestDay } = forecast ?? {};
  return { ...(daysThatFit !== undefined && { daysThatFit }), ...(oldestDay !== undefined && { oldestDay }) };
}

function isRecording(camera: string, seen: Observation): boolean {
  if (seen.statuses === undefined) return seen.writing.has(camera);
  return seen.statuses.find((status) => status.camera === camera)?.state === "recording";
}

function cameraProblem(camera: string, seen: Observation): SystemProblem {
  const status = seen.statuses?.find((each) => each.camera === camera);
  if (seen.statuses === undefined) {
    return {
      what: "camera",
      camera,
      message: "not recording: no chunk grows (its state is unknown while Redis is away)",
    };
  }
  if (status === undefined) {
    return {
      what: "camera",
      camera,
      message: "no recorder holds it",
      todo: "See whether the recorder runs, and its log.",
    };
  }
  return { what: "camera", camera, since: status.since, message: status.problem ?? status.state };
}

function redisProblems(seen: Observation): SystemProblem[] {
  if (seen.statuses !== undefined && seen.services !== undefined && seen.backlog !== undefined) return [];
  return [
    {
      what: "redis",
      message: "Redis does not answer; recording goes on, conversion waits",
      todo: "Start redis-server, or correct redis.url in the configuration.",
    },
  ];
}

function serviceProblems(seen: Observation): SystemProblem[] {
  if (seen.services === undefined) return [];
  const needed: Record<string, string> = { converter: "minutes are recorded, but not converted" };
  if (seen.enabled.length > 0) needed.recorder = "nothing is recorded";
  if (seen.reaperMinFreePercent !== undefined) needed.reaper = "old footage is not removed and the disk will fill";
  const alive = new Set<string>(seen.services.map(({ service }) => service));
  const missing = Object.entries(needed).filter(([service]) => !alive.has(service));
  return [
    ...missing.map(
      ([service, consequence]): SystemProblem => ({
        what: "service",
        service,
        message: `no ${service} runs: ${consequence}`,
        todo: `Start the ${service}, or see in its log why it stopped.`,
      }),
    ),
    ...seen.services.flatMap(({ service, problems }) =>
      problems.map((message): SystemProblem => ({ what: "service", service, message })),
    ),
  ];
}

function conversionProblems(seen: Observation): SystemProblem[] {
  const problems: SystemProblem[] = [];
  const failed = seen.backlog?.failed ?? 0;
  if (failed > 0) {
    problems.push({
      what: "conversion",
      message: `conversions that failed for good: ${failed}`,
      todo: "/admin/queues shows why; remove the failed jobs there when they are dealt with.",
    });
  }
  for (const [camera, chunks] of seen.quarantined) {
    if (chunks === 0) continue;
    problems.push({
      what: "conversion",
      camera,
      message: `chunks in quarantine, which could not be converted: ${chunks}`,
      todo: "Keep or remove what lies in the camera's quarantine folder; its video can be played as H.264.",
    });
  }
  return problems;
}

function diskProblems(seen: Observation): SystemProblem[] {
  const broken = seen.broken.map(
    ({ directory, code }): SystemProblem => ({
      what: "disk",
      disk: directory,
      message: `cannot be read: ${code}`,
      todo: "See whether the disk is mounted and the service's user may read and write it.",
    }),
  );
  const full = seen.disks
    .filter((disk) => disk.usedPercent >= NO_SPACE_PERCENT)
    .map((disk) => fullness(disk, seen.reaperMinFreePercent));
  return [...broken, ...full];
}

function diskWarnings(seen: Observation): SystemProblem[] {
  const minFree = seen.reaperMinFreePercent;
  // A reaper that keeps up lets the free space swing around its goal; well below it, it does not keep up.
  const limit = minFree === undefined ? FULL_PERCENT : Math.max(FULL_PERCENT, 100 - minFree / 2);
  return seen.disks
    .filter((disk) => disk.usedPercent > limit && disk.usedPercent < NO_SPACE_PERCENT)
    .map((disk) => fullness(disk, minFree));
}

function fullness(disk: DiskStatus, minFree: number | undefined): SystemProblem {
  return {
    what: "disk",
    ...(disk.directories[0] !== undefined && { disk: disk.directories[0] }),
    message: `${disk.usedPercent} % full`,
    todo:
      minFree === undefined
        ? "Nothing is ever deleted without a reaper stanza in the configuration: add one, or make space."
        : "The reaper does not keep up: see its log, and what else fills the disk.",
  };
}
