/** Something that is wrong at this moment, in words for the operator. */
export interface SystemProblem {
  what: "camera" | "redis" | "service" | "configuration" | "conversion" | "disk" | "clock";
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
