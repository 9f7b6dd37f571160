import type { FootageMinute } from "./footage.ts";
import type { Reason } from "./reaped-log.ts";
import type { Removal } from "./remove-minute.ts";

/** Why a minute is deleted, for the log. */
export const REASONS: Record<Reason, string> = {
  age: "it is older than maxAgeDays",
  size: "its camera has more than maxBytes",
  space: "its disk needs space",
  inodes: "its disk needs inodes",
};

/** One line for the log about a minute that was deleted, or would be in a dry run. */
export function describeRemoval(
  { camera, minute, files }: FootageMinute,
  reason: Reason,
  { removedFiles, freed }: Removal,
  unconverted: boolean,
  dryRun: boolean,
): string {
  const size = `${removedFiles} ${removedFiles === 1 ? "file" : "files"}, ${(freed.bytes / 1e6).toFixed(1)} MB`;
  const where = files.some(({ kind }) => kind === "quarantined") ? "it was in quarantine" : "it had not been converted";
  const warning = unconverted ? `; ${where}` : "";
  return `${dryRun ? "would remove" : "removed"} ${camera} ${minute} (${size}): ${REASONS[reason]}${warning}`;
}
