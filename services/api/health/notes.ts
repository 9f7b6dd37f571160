import { FOLDERS_NOT_SYNCED, FOLDERS_NOT_SYNCED_ADVICE } from "../../../shared/disk/folder-sync.ts";
import type { Observation } from "./observation.ts";
import type { SystemProblem } from "./system-status.ts";

/**
 * What is worth knowing and no trouble: it lasts until somebody builds the system otherwise, so no condition comes of it, which
 * would keep "All well" from ever being said again.
 */
export function systemNotes({ services = [] }: Observation): SystemProblem[] {
  const disks = new Set(services.flatMap(({ foldersNotSynced }) => foldersNotSynced ?? []));
  return [...disks].sort().map((disk) => ({
    what: "disk",
    disk,
    message: FOLDERS_NOT_SYNCED,
    todo: FOLDERS_NOT_SYNCED_ADVICE,
  }));
}
