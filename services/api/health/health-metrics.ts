import { Gauge, type Registry } from "prom-client";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { DiskStatus } from "./disks.ts";
import type { HealthWatch } from "./health-watch.ts";
import type { SystemMonitor } from "./system-monitor.ts";

export interface HealthMetricsParts {
  config: LiveConfig;
  health: Pick<HealthWatch, "conditions" | "waitingMessages">;
  monitor: Pick<SystemMonitor, "status">;
}

/**
 * Serves the conditions, and the metrics of the queue and the disks that no other service has; all are collected at
 * each scrape. The recorder serves the metrics of the cameras. Where a reaper is configured, it serves those of the
 * disks, under the same names.
 */
export function registerHealthMetrics(registry: Registry, { config, health, monitor }: HealthMetricsParts): void {
  const registers = [registry];
  new Gauge({
    name: "hindsight_health",
    help: "1 for each condition that holds; docs/health.md describes them",
    labelNames: ["id", "subject", "severity"],
    registers,
    collect() {
      this.reset();
      for (const { id, subject, severity } of health.conditions()) this.set({ id, subject, severity }, 1);
    },
  });
  new Gauge({
    name: "hindsight_webhook_waiting_messages",
    help: "Messages of conditions that the webhook has not accepted yet",
    registers,
    collect() {
      this.set(health.waitingMessages);
    },
  });
  new Gauge({
    name: "hindsight_conversion_jobs",
    help: "Jobs of the conversion queue; absent while Redis is away",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      const { backlog } = await monitor.status();
      for (const [state, jobs] of Object.entries(backlog ?? {})) this.set({ state }, jobs);
    },
  });
  const disks: [name: string, help: string, of: (disk: DiskStatus) => number | undefined][] = [
    ["free_bytes", "Free space of the disk under a camera directory", (disk) => disk.freeBytes],
    ["total_bytes", "Usable size of the disk under a camera directory", (disk) => disk.totalBytes],
    ["free_inodes", "Files that the disk under a camera directory can still hold", (disk) => disk.freeInodes],
    ["total_inodes", "Files that the disk under a camera directory can hold in all", (disk) => disk.totalInodes],
  ];
  for (const [name, help, of] of disks) {
    new Gauge({
      name: `hindsight_disk_${name}`,
      help,
      labelNames: ["disk"],
      registers,
      async collect() {
        this.reset();
        if (config.current.reaper !== undefined) return;
        for (const disk of (await monitor.status()).disks) {
          const figure = of(disk);
          if (figure !== undefined) this.set({ disk: disk.directories[0] ?? "" }, figure);
        }
      },
    });
  }
}
