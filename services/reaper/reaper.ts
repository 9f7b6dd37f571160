import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import type { Service, ServiceContext } from "../../shared/service/service.ts";
import type { DiskForecast } from "../../shared/status/storage-status.ts";
import { isAny } from "./amount.ts";
import { DaySizes } from "./day-sizes.ts";
import { describeRemoval } from "./describe-removal.ts";
import { forecastDisk } from "./forecast.ts";
import {
  goalBytes,
  goalInodes,
  missing,
  readSpace,
  reserveGoalBytes,
  type Space,
  type SpaceGoal,
} from "./free-space.ts";
import { finishInterrupted } from "./interrupted.ts";
import { LookQueue, type Scope } from "./look-queue.ts";
import { createMetrics } from "./metrics.ts";
import { runPass } from "./pass.ts";
import type { PassEvents } from "./pass-events.ts";
import { ReapedLog, type Reason } from "./reaped-log.ts";
import type { Removal } from "./remove-minute.ts";
import { spaceGoal } from "./rules.ts";

/** Interval at which free space is checked: 64 cameras write 64 MB in it. */
const GLANCE_MS = 2000;
/** How many minutes of recording to make room for when a recorder reports a full disk. */
const HEADROOM_MINUTES = 10;
/** A request repeated within this time is not logged again: a recorder on a full disk asks every few seconds. */
const SAME_ASKING_MS = 60_000;
/** How long the deletion of unconverted footage is reported as a problem. */
const ALARM_MS = 86_400_000;

const MAX_SHOWN_CHARACTERS = 200;

interface KnownDisk {
  space: Space;
  directories: readonly string[];
  forecast?: DiskForecast;
}

/**
 * Checks the disks at every `reaper.interval`, and at once when the configuration changes, when a disk's free space
 * falls below its goal, and when a recorder asks for room. Does nothing without a `reaper` stanza.
 */
export class Reaper implements Service {
  readonly #context: Pick<ServiceContext, "config" | "files" | "logger">;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #endListening: () => void;
  readonly #queue = new LookQueue((scope) => this.#look(scope));
  #timer: NodeJS.Timeout | undefined;
  #glancing: NodeJS.Timeout | undefined;
  #isStopping = false;
  #problems: string[] = [];
  /** The stanza whose dry run has already listed its minutes: later passes log totals only. */
  #listed: ReaperConfig | undefined;
  #lastSum = "";
  readonly #log: ReapedLog;
  readonly #sizes: DaySizes;
  /** By a path on each disk, as the latest pass found them. */
  #disks = new Map<string, KnownDisk>();
  /** The last check of the space found nothing to delete: another one is no reason to interrupt a pass. */
  #isFruitless = false;
  #headroomWanted = false;
  /** When room was last asked for, by directory. */
  readonly #askedMs = new Map<string, number>();
  #finishedInterrupted = false;
  #unconverted = { minutes: 0, untilMs: 0 };
  readonly #toldGoals = new Set<string>();

  constructor(
    context: Pick<ServiceContext, "config" | "files" | "logger" | "metrics">,
    sizes = new DaySizes(context.files),
  ) {
    this.#context = context;
    this.#sizes = sizes;
    this.#metrics = createMetrics(context.metrics);
    this.#log = new ReapedLog(context.files, context.config.current.storage.root);
    this.#endListening = context.config.onChange(() => this.#lookAtAll());
    if (context.config.current.reaper === undefined) {
      context.logger.info("there is no reaper stanza in the configuration: nothing will ever be deleted");
    }
    this.#lookAtAll();
    this.#glanceSoon();
  }

  problems(): string[] {
    const { minutes, untilMs } = this.#unconverted;
    if (Date.now() > untilMs) return this.#problems;
    return [
      ...this.#problems,
      `minutes that had not been converted, or were in quarantine, were deleted: ${minutes}; see whether a converter runs`,
    ];
  }

  /** The forecast for each disk. */
  forecasts(): DiskForecast[] {
    return [...this.#disks.values()].flatMap(({ forecast }) => forecast ?? []);
  }

  /**
   * A recorder reported a full disk: frees, at once, what its goal lacks and room for ten more minutes of recording.
   * Deletes nothing where the goal is met: the limit is then a quota, against which deleting does not help. Directories
   * that belong to no camera are ignored.
   */
  freeUp(directory: string): void {
    if (!this.#isKnown(directory)) {
      const shown = JSON.stringify(directory.slice(0, MAX_SHOWN_CHARACTERS));
      this.#context.logger.debug(`space was asked for, for ${shown}, where no camera is recorded`);
      return;
    }
    const lastMs = this.#askedMs.get(directory) ?? Number.NEGATIVE_INFINITY;
    const nowMs = performance.now();
    this.#askedMs.set(directory, nowMs);
    if (nowMs - lastMs > SAME_ASKING_MS) this.#context.logger.warn(`space was asked for, for ${directory}`);
    this.#headroomWanted = true;
    this.#queue.ask("space", !this.#isFruitless);
  }

  /** Anybody who can write to Redis can send any path: only camera directories are accepted. */
  #isKnown(directory: string): boolean {
    const { cameras } = this.#context.config.current;
    return (
      [...cameras.values()].some((camera) => camera.directory === directory) ||
      [...this.#disks.values()].some(({ directories }) => directories.includes(directory))
    );
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#endListening();
    clearTimeout(this.#timer);
    clearTimeout(this.#glancing);
    await this.#queue.stop();
  }

  /** Checks the space first: a disk that is already too full must not wait until all footage has been measured. */
  #lookAtAll(): void {
    const { reaper } = this.#context.config.current;
    if (reaper?.dryRun === false) this.#queue.ask("space");
    this.#queue.ask("all");
  }

  async #look(scope: Scope): Promise<void> {
    await this.#run(scope);
    const intervalMs = this.#context.config.current.reaper?.intervalMs;
    if (scope === "space" || intervalMs === undefined || this.#queue.isInterrupted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#queue.ask("all"), intervalMs);
  }

  /** One statfs(2) per disk: cheap, and it keeps a disk from filling up between two passes or during a long one. */
  #glanceSoon(): void {
    this.#glancing = setTimeout(async () => {
      const config = this.#context.config.current;
      const { reaper } = config;
      if (reaper?.dryRun === false && !this.#queue.isAt("space") && (await this.#isSpaceLacking(config, reaper))) {
        this.#queue.ask("space", !this.#isFruitless);
      }
      if (!this.#isStopping) this.#glanceSoon();
    }, GLANCE_MS);
  }

  async #isSpaceLacking(config: Config, reaper: ReaperConfig): Promise<boolean> {
    const lacking = await Promise.all(
      Array.from(this.#disks, ([path, { directories }]) =>
        readSpace(this.#context.files, path).then(
          (space) => isAny(missing(space, spaceGoal(config, reaper, directories))),
          () => true, // the pass reports what is wrong
        ),
      ),
    );
    return lacking.includes(true);
  }

  async #run(scope: Scope): Promise<void> {
    const config = this.#context.config.current;
    const { reaper } = config;
    const problems: string[] = [];
    if (reaper !== undefined) {
      const sum = { minutes: 0, bytes: 0 };
      try {
        const events = this.#events(reaper, problems, sum);
        const headroom = this.#headroomWanted;
        this.#headroomWanted = false;
        await this.#tidyLog(reaper, scope, problems);
        await runPass({
          files: this.#context.files,
          config,
          reaper,
          events,
          log: this.#log,
          sizes: this.#sizes,
          mayGoOn: () => this.#mayGoOn(config),
          spaceOnly: scope === "space",
          headroomBytes: (directories) => (headroom ? this.#headroomBytes(directories) : 0),
        });
        if (scope === "all") await this.#foresee(config, reaper, problems);
        else this.#isFruitless = sum.minutes === 0 && (await this.#isSpaceLacking(config, reaper));
      } catch (error) {
        problems.push(`the camera directories cannot be listed, so nothing is deleted: ${(error as Error).message}`);
      }
      this.#tellSum(reaper, sum);
    }
    for (const problem of problems) if (!this.#problems.includes(problem)) this.#context.logger.warn(problem);
    // A check of the space alone, or an interrupted one, says nothing about the problems that a full pass found.
    const isWhole = scope === "all" && !this.#queue.isInterrupted;
    this.#problems = isWhole ? problems : [...new Set([...this.#problems, ...problems])];
  }

  /** Never rejects. */
  async #tidyLog(reaper: ReaperConfig, scope: Scope, problems: string[]): Promise<void> {
    if (reaper.dryRun) return;
    try {
      if (!this.#finishedInterrupted)
        await finishInterrupted(this.#context.files, this.#context.config.current.storage.root, this.#log, Date.now());
      this.#finishedInterrupted = true;
      if (scope === "all") await this.#log.prune(reaper.logDays);
    } catch (error) {
      problems.push(`the log of deletions cannot be read: ${(error as Error).message}`);
    }
  }

  #headroomBytes(directories: readonly string[]): number {
    const disk = [...this.#disks.values()].find((each) => each.directories[0] === directories[0]);
    return Math.ceil(((disk?.forecast?.bytesPerDay ?? 0) / 1440) * HEADROOM_MINUTES);
  }

  async #foresee(config: Config, reaper: ReaperConfig, problems: string[]): Promise<void> {
    for (const [path, disk] of this.#disks) {
      try {
        const goal = spaceGoal(config, reaper, disk.directories);
        const minFree = { bytes: goalBytes(disk.space, goal), inodes: goalInodes(disk.space, goal) };
        const mayGoOn = () => this.#mayGoOn(config);
        const forecast = await forecastDisk(
          this.#context.files,
          disk.directories,
          disk.space,
          minFree,
          this.#sizes,
          Date.now(),
          mayGoOn,
        );
        if (forecast === undefined) return;
        disk.forecast = forecast;
        if (disk.forecast.daysThatFit !== undefined) {
          this.#metrics.daysThatFit.set({ disk: path }, disk.forecast.daysThatFit);
        }
      } catch (error) {
        problems.push(`how long ${path} will hold cannot be told: ${(error as Error).message}`);
      }
    }
  }

  /** A changed configuration may have other rules, or none: a pass by the old one ends before its next minute. */
  #mayGoOn(config: Config): boolean {
    return !this.#queue.isInterrupted && this.#context.config.current === config;
  }

  #events(reaper: ReaperConfig, problems: string[], sum: { minutes: number; bytes: number }): PassEvents {
    const { logger } = this.#context;
    return {
      removed: (minute, reason, removal, unconverted) => {
        sum.minutes++;
        sum.bytes += removal.freed.bytes;
        if (!reaper.dryRun) this.#count(reason, removal);
        if (!reaper.dryRun && unconverted) this.#alarm();
        if (reaper.dryRun && this.#listed === reaper) return;
        logger.log(unconverted ? "warn" : "info", describeRemoval(minute, reason, removal, unconverted, reaper.dryRun));
      },
      measured: (path, space, directories) => {
        this.#disks.set(path, { ...this.#disks.get(path), space, directories });
        this.#metrics.freeBytes.set({ disk: path }, space.freeBytes);
        this.#metrics.totalBytes.set({ disk: path }, space.totalBytes);
        if (space.inodes !== undefined) {
          this.#metrics.freeInodes.set({ disk: path }, space.inodes.free);
          this.#metrics.totalInodes.set({ disk: path }, space.inodes.total);
        }
        this.#tellGoal(path, space, spaceGoal(this.#context.config.current, reaper, directories), problems);
      },
      problem: (message) => {
        this.#metrics.problems.inc();
        problems.push(message);
      },
    };
  }

  /** Where recorder.diskReserve raises the goal above what the operator configured, says so once. */
  #tellGoal(path: string, space: Space, goal: SpaceGoal, problems: string[]): void {
    const reserveBytes = reserveGoalBytes(space, goal);
    if (goal.reserveBytes > 0 && reserveBytes === 0) {
      const problem = `the disk of ${path} is too small for recorder.diskReserve: nothing can be recorded on it`;
      if (!problems.includes(problem)) problems.push(problem);
    }
    const isRaised = reserveBytes > goalBytes(space, { ...goal, reserveBytes: 0 });
    const told = `${path}: ${Math.ceil(reserveBytes / 1e6)} MB are kept free, more than reaper asks for: below recorder.diskReserve nothing is recorded`;
    if (!isRaised || this.#toldGoals.has(told)) return;
    this.#toldGoals.add(told);
    this.#context.logger.info(told);
  }

  #alarm(): void {
    const nowMs = Date.now();
    if (nowMs > this.#unconverted.untilMs) this.#unconverted.minutes = 0;
    this.#unconverted = { minutes: this.#unconverted.minutes + 1, untilMs: nowMs + ALARM_MS };
  }

  #count(reason: Reason, { freed }: Removal): void {
    this.#metrics.minutes.inc({ reason });
    this.#metrics.bytes.inc({ reason }, freed.bytes);
  }

  #tellSum(reaper: ReaperConfig, { minutes, bytes }: { minutes: number; bytes: number }): void {
    const sum = `${minutes} minutes, ${Math.round(bytes / 1e6)} MB`;
    if (reaper.dryRun && sum !== this.#lastSum) this.#context.logger.info(`dry run: would remove ${sum}`);
    this.#lastSum = reaper.dryRun ? sum : "";
    this.#listed = reaper.dryRun ? reaper : undefined;
  }
}
