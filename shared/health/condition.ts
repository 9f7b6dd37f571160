export type Severity = "error" | "warning";

/** Every kind of condition; docs/health.md describes when each begins, what it means and what to do. */
export type ConditionId =
  | "camera-not-recording"
  | "camera-clock-off"
  | "footage-missing"
  | "redis-away"
  | "redis-evicts"
  | "redis-replica"
  | "redis-outdated"
  | "service-missing"
  | "service-problem"
  | "configuration-refused"
  | "conversion-behind"
  | "conversion-failed"
  | "chunk-quarantined"
  | "disk-unreadable"
  | "disk-full"
  | "disk-filling"
  | "retention-short"
  | "clocks-disagree"
  | "clock-stepped"
  | "clock-unsynchronized";

/** Something that is wrong with the system, in words for the operator and without secrets. */
export interface Condition {
  id: ConditionId;
  severity: Severity;
  /**
   * What it is about: the camera, service, disk (a directory on it) or host; "redis", "conversion" or "configuration"
   * where there is only one.
   */
  subject: string;
  /** ISO 8601 UTC. */
  since: string;
  message: string;
  /** What to do about it. */
  advice: string;
}

/** A condition that has ended, as stored in the history. */
export interface PastCondition extends Omit<Condition, "advice"> {
  /** ISO 8601 UTC: since when it is no longer found. */
  until: string;
}

const OF_CAMERAS: ReadonlySet<ConditionId> = new Set([
  "camera-not-recording",
  "camera-clock-off",
  "footage-missing",
  "chunk-quarantined",
]);

/** The camera that a condition is about; undefined when it is about something else. */
export function cameraOf({ id, subject }: Pick<Condition, "id" | "subject">): string | undefined {
  return OF_CAMERAS.has(id) ? subject : undefined;
}

/** Something that a check of the system found wrong; it becomes a condition when it lasts. */
export interface Finding extends Omit<Condition, "since"> {
  /** ISO 8601 UTC, where it is known; otherwise the time at which it was first found. */
  since?: string;
  /** Becomes a condition at once: it is an established fact that cannot be over in a moment. */
  isSettled?: boolean;
  /** The value is near the threshold: this keeps a condition from ending, but begins none. */
  isNear?: boolean;
  /** Distinguishes findings with the same id and subject. */
  detail?: string;
}

/** The begin or end of a condition. */
export interface ConditionEvent {
  event: "began" | "ended";
  /** When it was noticed, ms since the Unix epoch. */
  atMs: number;
  condition: Condition;
}
