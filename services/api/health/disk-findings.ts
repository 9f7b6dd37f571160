import { reservedInodes } from "../../../shared/disk/inodes.ts";
import type { WordedFinding } from "./camera-findings.ts";
import { DANGLING, type DiskStatus, NO_ANSWER, NO_DIRECTORY, NO_SIZE, NOT_MOUNTED } from "./disks.ts";
import type { Observation } from "./observation.ts";

const FULL_PERCENT = 90;
const NO_SPACE_PERCENT = 99;
/** A condition ends only when the disk is emptier by this than the threshold at which it began. */
const NEAR_PERCENT = 1;
/** The same for inodes, as a factor of the threshold. */
const NEAR_INODES = 1.1;
const FEWEST_DAYS = 1;
const NEAR_DAYS = 1.1;

/** What is wrong with the disks; `disks` include the reaper's forecasts. */
export function diskFindings(seen: Observation, disks: readonly DiskStatus[]): WordedFinding[] {
  const broken = seen.broken.map(
    ({ directory, code }): WordedFinding => ({
      id: "disk-unreadable",
      severity: "error",
      subject: directory,
      ...wordsOf(code),
    }),
  );
  return [...broken, ...disks.flatMap((disk) => findingsOf(disk, seen.reaperMinFreePercent))];
}

function findingsOf(disk: DiskStatus, minFree: number | undefined): WordedFinding[] {
  return [...fullness(disk, minFree), ...inodeFullness(disk, minFree !== undefined), ...retention(disk)];
}

type Words = Pick<WordedFinding, "message" | "advice">;

/** By the code in `BrokenDirectory`. */
const WORDS: Record<string, Words> = {
  [NO_ANSWER]: {
    message: "does not answer",
    advice:
      "See whether its server runs and can be reached, or the drive fails; what waits for it goes on when it answers.",
  },
  [NOT_MOUNTED]: {
    message: "no disk is mounted there: nothing is recorded to it",
    advice: "Mount it, and recording goes on by itself; or correct storage.mountPoints in the configuration.",
  },
  [NO_SIZE]: {
    message: "is on a file system that does not tell its size",
    advice: "Name a directory on a disk in the configuration: in /proc and the like nothing can be recorded.",
  },
  [NO_DIRECTORY]: {
    message: "is a file, and no directory",
    advice: "Move the file away, or name another directory in the configuration.",
  },
  [DANGLING]: {
    message: "is a symbolic link that points to nothing",
    advice: "Make or mount what the link points to, or correct the link.",
  },
  ELOOP: {
    message: "the symbolic links on its path go round in a circle",
    advice: "Correct the links, or name another directory in the configuration.",
  },
  ENAMETOOLONG: {
    message: "its path is longer than Linux allows",
    advice: "Name a shorter one in the configuration.",
  },
  EACCES: {
    message: "the service's user may not look into it",
    advice: "Give that user the right to read and write it and to pass the folders above it (see `namei -l`).",
  },
};

function wordsOf(code: string): Words {
  const advice = "See whether the disk is mounted and the service's user may read and write it.";
  return WORDS[code] ?? { message: `cannot be read: ${code}`, advice };
}

function fullness(disk: DiskStatus, minFree: number | undefined): WordedFinding[] {
  // While the reaper keeps up, the free space varies around its goal; only well below the goal is something wrong.
  const filling = minFree === undefined ? FULL_PERCENT : Math.max(FULL_PERCENT, 100 - minFree / 2);
  const { usedPercent } = disk;
  const words = {
    subject: nameOf(disk),
    message: `${usedPercent} % full`,
    advice:
      minFree === undefined
        ? "Nothing is ever deleted without a reaper stanza in the configuration: add one, or make space."
        : "The reaper does not keep up: see its log, and what else fills the disk.",
  };
  const findings: WordedFinding[] = [];
  if (usedPercent > NO_SPACE_PERCENT - NEAR_PERCENT) {
    findings.push({ ...words, id: "disk-full", severity: "error", isNear: usedPercent < NO_SPACE_PERCENT });
  }
  if (usedPercent > filling - NEAR_PERCENT) {
    findings.push({ ...words, id: "disk-filling", severity: "warning", isNear: usedPercent <= filling });
  }
  return findings;
}

/** The same for inodes, of which the reaper keeps a number free (`inodeGoal`), not a percentage. */
function inodeFullness(disk: DiskStatus, hasReaper: boolean): WordedFinding[] {
  const { freeInodes: free, totalInodes: total } = disk;
  if (free === undefined || total === undefined) return [];
  const reserved = reservedInodes({ free, total });
  const filling = hasReaper ? 2 * reserved : (total * (100 - FULL_PERCENT)) / 100;
  const words = {
    subject: nameOf(disk),
    message: `out of inodes, not of bytes: ${free} of ${total} are free, and each file takes one`,
    advice:
      `${hasReaper ? "The reaper does not keep up: see its log, and what else" : "Nothing is ever deleted without a reaper stanza in the configuration: add one, or delete files; see what"} ` +
      "makes so many files; a file system made anew without -T largefile can hold more.",
    detail: "inodes",
  };
  const findings: WordedFinding[] = [];
  if (free < reserved * NEAR_INODES) {
    findings.push({ ...words, id: "disk-full", severity: "error", isNear: free >= reserved });
  }
  if (free < filling * NEAR_INODES) {
    findings.push({ ...words, id: "disk-filling", severity: "warning", isNear: free >= filling });
  }
  return findings;
}

function retention(disk: DiskStatus): WordedFinding[] {
  const { daysThatFit, inodesRunOutFirst } = disk;
  if (daysThatFit === undefined || daysThatFit > NEAR_DAYS) return [];
  return [
    {
      id: "retention-short",
      severity: "warning",
      subject: nameOf(disk),
      message: `at the rate of the last days it holds no more than ${daysThatFit} days of footage`,
      advice: inodesRunOutFirst
        ? "It runs out of inodes, of which each file takes one, before it runs out of bytes: make its file system anew with more " +
          "(mkfs.ext4 without -T largefile), or move cameras to another disk."
        : "Lower the cameras' bit rates, move cameras to another disk, or add one.",
      isNear: daysThatFit >= FEWEST_DAYS,
    },
  ];
}

function nameOf({ directories }: DiskStatus): string {
  return directories[0] ?? "disk";
}
