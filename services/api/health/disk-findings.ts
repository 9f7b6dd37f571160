import type { WordedFinding } from "./camera-findings.ts";
import { type DiskStatus, NO_ANSWER } from "./disks.ts";
import type { Observation } from "./observation.ts";

const FULL_PERCENT = 90;
const NO_SPACE_PERCENT = 99;
/** A condition ends only when the disk is so much emptier than where it began. */
const NEAR_PERCENT = 1;
const FEWEST_DAYS = 1;
const NEAR_DAYS = 1.1;

/** What is wrong with the disks; they hold what the reaper foresees for them. */
export function diskFindings(seen: Observation, disks: readonly DiskStatus[]): WordedFinding[] {
  const broken = seen.broken.map(
    ({ directory, code }): WordedFinding => ({
      id: "disk-unreadable",
      severity: "error",
      subject: directory,
      message: code === NO_ANSWER ? "does not answer" : `cannot be read: ${code}`,
      advice:
        code === NO_ANSWER
          ? "See whether its server runs and can be reached, or the drive fails; what waits for it goes on when it answers."
          : "See whether the disk is mounted and the service's user may read and write it.",
    }),
  );
  return [...broken, ...disks.flatMap((disk) => [...fullness(disk, seen.reaperMinFreePercent), ...retention(disk)])];
}

function fullness(disk: DiskStatus, minFree: number | undefined): WordedFinding[] {
  // A reaper that keeps up lets the free space swing around its goal; well below it, it does not keep up.
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

function retention(disk: DiskStatus): WordedFinding[] {
  const { daysThatFit } = disk;
  if (daysThatFit === undefined || daysThatFit > NEAR_DAYS) return [];
  return [
    {
      id: "retention-short",
      severity: "warning",
      subject: nameOf(disk),
      message: `at the rate of the last days it holds no more than ${daysThatFit} days of footage`,
      advice: "Lower the cameras' bit rates, move cameras to another disk, or add one.",
      isNear: daysThatFit >= FEWEST_DAYS,
    },
  ];
}

function nameOf({ directories }: DiskStatus): string {
  return directories[0] ?? "disk";
}
