/** Something that is wrong now, described for the operator. */
export interface SystemProblem {
  what: "camera" | "redis" | "service" | "configuration" | "conversion" | "disk" | "clock";
  camera?: string;
  /** recorder, converter, reaper or api. */
  service?: string;
  /** A directory on the disk in question. */
  disk?: string;
  /** ISO 8601 UTC: when it began or, if that is unknown, when the api noticed it. */
  since?: string;
  message: string;
  /** What to do about it. */
  todo?: string;
}
