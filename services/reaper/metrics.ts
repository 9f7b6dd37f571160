import { Counter, Gauge, type Registry } from "prom-client";

/** The reaper's own metrics. */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    minutes: new Counter({
      name: "hindsight_reaper_removed_minutes_total",
      help: "Minutes deleted, by the reason: age, size, space or inodes",
      labelNames: ["reason"],
      registers,
    }),
    bytes: new Counter({
      name: "hindsight_reaper_removed_bytes_total",
      help: "Bytes freed by deleting, by the reason",
      labelNames: ["reason"],
      registers,
    }),
    problems: new Counter({
      name: "hindsight_reaper_problems_total",
      help: "Files, folders and disks that gave trouble, counted once a pass",
      registers,
    }),
    freeBytes: new Gauge({
      name: "hindsight_disk_free_bytes",
      help: "Free space of the disk under a camera directory",
      labelNames: ["disk"],
      registers,
    }),
    daysThatFit: new Gauge({
      name: "hindsight_disk_days_that_fit",
      help: "Days of footage that fit on the disk under a camera directory at the rate of the last days",
      labelNames: ["disk"],
      registers,
    }),
    freeInodes: new Gauge({
      name: "hindsight_disk_free_inodes",
      help: "Files that the disk under a camera directory can still hold; absent where only its bytes bound it",
      labelNames: ["disk"],
      registers,
    }),
    totalInodes: new Gauge({
      name: "hindsight_disk_total_inodes",
      help: "Files that the disk under a camera directory can hold in all; absent as above",
      labelNames: ["disk"],
      registers,
    }),
    totalBytes: new Gauge({
      name: "hindsight_disk_total_bytes",
      help: "Usable size of the disk under a camera directory",
      labelNames: ["disk"],
      registers,
    }),
  };
}
