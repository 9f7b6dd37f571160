import { FOLDERS_NOT_SYNCED, FOLDERS_NOT_SYNCED_ADVICE } from "../../../shared/disk/folder-sync.ts";
import type { Observation } from "./observation.ts";
import type { SystemProblem } from "./system-problem.ts";

/**
 * What is worth knowing and nothing wrong. It stays until somebody changes the setup of the system, so it does not
 * become a condition: that would prevent "All well" for good.
 */
export function systemNotes({ services = [], redisFacts }: Observation): SystemProblem[] {
  const disks = new Set(services.flatMap(({ foldersNotSynced }) => foldersNotSynced ?? []));
  const ofDisks = [...disks].sort().map((disk): SystemProblem => {
    return { what: "disk", disk, message: FOLDERS_NOT_SYNCED, todo: FOLDERS_NOT_SYNCED_ADVICE };
  });
  return redisFacts?.isPersistent === false ? [...ofDisks, REDIS_NOT_PERSISTENT] : ofDisks;
}

/** No footage and no job is lost with Redis: both are found again in the storage. */
const REDIS_NOT_PERSISTENT: SystemProblem = {
  what: "redis",
  message:
    "Redis keeps nothing on a disk: when it is started anew, the history of conditions and messages that the webhook has not " +
    "accepted are gone; footage is not, and jobs are found again from the files",
  todo: "Where that counts: appendonly yes in the configuration of Redis.",
};
