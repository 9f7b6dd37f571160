import type { JSX } from "preact";
import type { Backlog, Disk, SystemStatus } from "../client/types.ts";
import { formatBytes } from "../ui/units.ts";

/** How full the disks are, and how many minutes wait for conversion. */
export function StorageAndJobs({ status, version }: { status: SystemStatus; version: string }): JSX.Element {
  return (
    <footer class="storage">
      {status.disks.map((disk) => (
        <DiskLine key={disk.directories?.[0]} disk={disk} />
      ))}
      {status.notes.map(({ disk, message, todo }) => (
        <p key={`${disk}${message}`} class="note" title={todo}>
          {disk === undefined ? message : `${disk}: ${message}`}
        </p>
      ))}
      <p class="backlog">
        <a href="/admin/queues">{describeBacklog(status.backlog)}</a>
      </p>
      <p class="version">Hindsight {version}</p>
    </footer>
  );
}

function DiskLine({ disk }: { disk: Disk }): JSX.Element {
  const inodes = usedInodePercent(disk);
  const tone = disk.usedPercent >= 99 ? "bad" : disk.usedPercent > 90 ? "warn" : "good";
  const name = disk.directories?.[0] ?? "disk";
  return (
    <div class="disk" data-tone={tone} title={disk.directories?.join("\n")}>
      <span class="disk-name">{name}</span>
      <meter min={0} max={100} value={disk.usedPercent} aria-label={`${name}: ${disk.usedPercent} % used`} />
      <span>
        {formatBytes(disk.freeBytes)} free of {formatBytes(disk.totalBytes)}
        {inodes > disk.usedPercent ? `, room for ${disk.freeInodes} more files` : ""}
        {disk.daysThatFit === undefined ? "" : `, ${describeDays(disk.daysThatFit)} of footage fit`}
      </span>
    </div>
  );
}

/**
 * The reaper lets almost all inodes be used: whether too few are free is decided by their number (condition disk-full).
 */
function usedInodePercent({ freeInodes, totalInodes }: Disk): number {
  return freeInodes === undefined || totalInodes === undefined ? 0 : 100 * (1 - freeInodes / totalInodes);
}

function describeDays(days: number): string {
  return days < 10 ? `${days.toFixed(1)} days` : `${Math.round(days)} days`;
}

function describeBacklog(backlog: Backlog | null): string {
  if (backlog === null) return "Jobs: unknown while Redis is away";
  const parts = [
    backlog.waiting + backlog.active === 0
      ? "every minute is converted"
      : `${backlog.waiting + backlog.active} ${backlog.waiting + backlog.active === 1 ? "minute waits" : "minutes wait"} for conversion`,
    backlog.failed === 0 ? [] : `${backlog.failed} failed`,
  ];
  return `Jobs: ${parts.flat().join(", ")}`;
}
