import type { Minute } from "../../shared/time/minute.ts";

/** How a fault can be repaired without touching footage. */
export type Remedy = "pictures" | "convert";

/** Something that is wrong, or worth mentioning. */
export interface Remark {
  /** A fault makes `fsck` fail; a note does not. */
  severity: "fault" | "note";
  camera: string;
  /** The minute, or the day, or empty when it concerns neither. */
  when: Minute | string;
  path: string;
  message: string;
  remedy?: Remedy;
}

/** The result of checking one day of a camera. */
export interface DayReport {
  camera: string;
  day: string;
  minutes: number;
  /** Minutes that wait for conversion. */
  waiting: number;
  faults: number;
  repaired: number;
  gaps: number;
  gapUs: number;
}

/** One line for a day, such as `yard 20261124: 1440 minutes, 2 gaps (4 min 10 s), 1 fault, repaired`. */
export function describeDay({ camera, day, minutes, waiting, faults, repaired, gaps, gapUs }: DayReport): string {
  const parts = [counted(minutes, "minute")];
  if (waiting > 0) parts.push(`${waiting} not converted yet`);
  if (gaps > 0) parts.push(`${counted(gaps, "gap")} (${lasting(gapUs)})`);
  if (faults > 0) parts.push(counted(faults, "fault"));
  if (repaired > 0) parts.push(`${repaired} repaired`);
  return `${camera} ${day}: ${parts.join(", ")}`;
}

/** One line for a remark. */
export function describeRemark({ severity, camera, when, path, message }: Remark, outcome = ""): string {
  return `${severity === "fault" ? "FAULT" : "note "} ${camera}${when === "" ? "" : ` ${when}`}: ${message}: ${path}${outcome}`;
}

/** A number and its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function lasting(us: number): string {
  const seconds = Math.round(us / 1e6);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
