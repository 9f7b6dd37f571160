import { Counter, Gauge } from "prom-client";
import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import type { Service, ServiceContext } from "../../shared/service/service.ts";
import type { FootageMinute } from "./footage.ts";
import type { Space } from "./free-space.ts";
import { type PassEvents, type Reason, runPass } from "./pass.ts";
import type { Removal } from "./remove-minute.ts";

/** Looks after the disks at every `reaper.interval`, and at once when the configuration changes; idles without a stanza. */
export class Reaper implements Service {
  readonly #context: Pick<ServiceContext, "config" | "logger">;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #endListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #stopping = false;
  #problems: string[] = [];
  /** The stanza whose dry run has listed its minutes already: the passes after it tell sums only. */
  #listed: ReaperConfig | undefined;
  #lastSum = "";

  constructor(context: Pick<ServiceContext, "config" | "logger" | "metrics">) {
    this.#context = context;
    this.#metrics = createMetrics(context.metrics);
    this.#endListening = context.config.onChange(() => this.#look());
    if (context.config.current.reaper === undefined) {
      context.logger.info("there is no reaper stanza in the configuration: nothing will ever be deleted");
    }
    this.#look();
  }

  problems(): string[] {
    return this.#problems;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#endListening();
    clearTimeout(this.#timer);
    await this.#pass;
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (this.#stopping) return;
    if (this.#pass !== undefined) {
      this.#again = true;
      return;
    }
    this.#pass = this.#run().finally(() => {
      this.#pass = undefined;
      const intervalMs = this.#context.config.current.reaper?.intervalMs;
      if (this.#again) {
        this.#again = false;
        this.#look();
      } else if (intervalMs !== undefined && !this.#stopping) {
        this.#timer = setTimeout(() => this.#look(), intervalMs);
      }
    });
  }

  async #run(): Promise<void> {
    const config = this.#context.config.current;
    const { reaper } = config;
    const problems: string[] = [];
    if (reaper !== undefined) {
      const sum = { minutes: 0, bytes: 0 };
      try {
        const events = this.#events(reaper, problems, sum);
        await runPass({ config, reaper, events, mayGoOn: () => this.#mayGoOn(config) });
      } catch (error) {
        problems.push(`the camera directories cannot be listed, so nothing is deleted: ${(error as Error).message}`);
      }
      this.#tellSum(reaper, sum);
    }
    for (const problem of problems) if (!this.#problems.includes(problem)) this.#context.logger.warn(problem);
    this.#problems = problems;
  }

  /** Another configuration may have another rule, or none: what goes on by the old one ends before the next minute. */
  #mayGoOn(config: Config): boolean {
    return !this.#stopping && this.#context.config.current === config;
  }

  #events(reaper: ReaperConfig, problems: string[], sum: { minutes: number; bytes: number }): PassEvents {
    const { logger } = this.#context;
    return {
      removed: (minute, reason, removal, unconverted) => {
        sum.minutes++;
        sum.bytes += removal.freedBytes;
        if (!reaper.dryRun) this.#count(reason, removal);
        if (reaper.dryRun && this.#listed === reaper) return;
        logger.log(unconverted ? "warn" : "info", describeRemoval(minute, reason, removal, unconverted, reaper.dryRun));
      },
      measured: (path: string, space: Space) => {
        this.#metrics.freeBytes.set({ disk: path }, space.freeBytes);
        this.#metrics.totalBytes.set({ disk: path }, space.totalBytes);
      },
      problem: (message) => {
        this.#metrics.problems.inc();
        problems.push(message);
      },
    };
  }

  #count(reason: Reason, { freedBytes }: Removal): void {
    this.#metrics.minutes.inc({ reason });
    this.#metrics.bytes.inc({ reason }, freedBytes);
  }

  #tellSum(reaper: ReaperConfig, { minutes, bytes }: { minutes: number; bytes: number }): void {
    const sum = `${minutes} minutes, ${Math.round(bytes / 1e6)} MB`;
    if (reaper.dryRun && sum !== this.#lastSum) this.#context.logger.info(`dry run: would remove ${sum}`);
    this.#lastSum = reaper.dryRun ? sum : "";
    this.#listed = reaper.dryRun ? reaper : undefined;
  }
}

/** One line for the log about a minute that went, or would go. */
export function describeRemoval(
  { camera, minute }: FootageMinute,
  reason: Reason,
  { removedFiles, freedBytes }: Removal,
  unconverted: boolean,
  dryRun: boolean,
): string {
  const why = reason === "age" ? "it is older than maxAgeDays" : "its disk needs space";
  const size = `${removedFiles} ${removedFiles === 1 ? "file" : "files"}, ${(freedBytes / 1e6).toFixed(1)} MB`;
  const warning = unconverted ? "; it had not been converted" : "";
  return `${dryRun ? "would remove" : "removed"} ${camera} ${minute} (${size}): ${why}${warning}`;
}

function createMetrics(registry: ServiceContext["metrics"]) {
  const registers = [registry];
  return {
    minutes: new Counter({
      name: "hindsight_reaper_removed_minutes_total",
      help: "Minutes deleted, by the reason: age or space",
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
    totalBytes: new Gauge({
      name: "hindsight_disk_total_bytes",
      help: "Usable size of the disk under a camera directory",
      labelNames: ["disk"],
      registers,
    }),
  };
}
