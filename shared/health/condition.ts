export type Severity = "error" | "warning";

/** Every kind of condition; docs/health.md says of each when it begins, what it means and what to do. */
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
  /** The camera, service, disk (a directory on it) or host that it is about; "redis", "conversion" or "configuration" where there is one only. */
  subject: string;
  /** ISO 8601 UTC. */
  since: string;
  message: string;
  /** What to do about it. */
  advice: string;
}

/** A condition that has ended, as the history has it. */
export interface PastCondition extends Omit<Condition, "advice"> {
  /** ISO 8601 UTC: it was not found any more. */
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

/** What a look at the system found wrong; what lasts becomes a condition. */
export interface Finding extends Omit<Condition, "since"> {
  /** ISO 8601 UTC, where it is known; otherwise since it was first found. */
  since?: string;
  /** Begins at once: it is a fact that was established and cannot be over in a moment. */
  isSettled?: boolean;
  /** Near the threshold: keeps a condition that has begun from ending, and begins none. */
  isNear?: boolean;
  /** Tells findings of the same id and subject apart. */
  detail?: string;
}

/** What a condition did. */
export interface ConditionEvent {
  event: "began" | "ended";
  /** When it was noticed that it did, ms since the Unix epoch. */
  atMs: number;
  condition: Condition;
}
