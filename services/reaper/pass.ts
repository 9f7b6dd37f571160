import { dirname } from "node:path";
import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import { type CameraDirectory, listCameraDirectories } from "../../shared/store/directories.ts";
import { dayOf, minuteAt } from "../../shared/time/minute.ts";
import { daysOldestFirst, type FootageMinute, type FootageQuery } from "./footage.ts";
import { type Disk, groupByDisk, missingBytes, readSpace, type Space } from "./free-space.ts";
import { type Removal, removeIfEmpty, removeMinute } from "./remove-minute.ts";
import { conditionOf, isExpired, lastExpiredDay, maxAgeDays } from "./rules.ts";

export type Reason = "age" | "space";

/** What a pass tells while it works. */
export interface PassEvents {
  /** A minute went, or would go in a dry run. */
  removed(minute: FootageMinute, reason: Reason, removal: Removal, unconverted: boolean): void;
  /** The space of a disk, measured before anything goes and after. */
  measured(path: string, space: Space): void;
  /** Something is wrong; once for each folder and kind of trouble in a pass. */
  problem(message: string): void;
}

export interface PassParts {
  config: Config;
  reaper: ReaperConfig;
  events: PassEvents;
  /** Asked before each minute: a pass ends early when the service stops or the configuration is another. */
  mayGoOn(): boolean;
  nowMs?: number;
}

/** A folder is kept for so long after its day: a recorder may still be about to create a file in it. */
const FOLDER_MARGIN_MS = 3_600_000;

/**
 * One look after all disks: what is too old goes, then the oldest of what is left until each disk has its free space.
 * Trouble with a file, a folder or a disk is told as a problem and stops nothing else. Rejects only when the list of
 * camera directories cannot be read: then nothing is deleted.
 */
export async function runPass({ config, reaper, events, mayGoOn, nowMs = Date.now() }: PassParts): Promise<void> {
  const pass = new Pass(config, reaper, tellOnce(events), mayGoOn, nowMs);
  const listed = await listCameraDirectories(config.storage.root, configuredDirectories(config), (path, error) => {
    events.problem(`${path} cannot be read (${codeOf(error)}): the footage that it points to is left alone`);
  });
  const { disks, unknown } = await groupByDisk(listed);
  for (const { entry, error } of unknown) {
    events.problem(`the disk of ${entry.directory} does not answer (${codeOf(error)}): see whether it is mounted`);
  }
  for (const disk of disks) await pass.lookAfter(disk);
}

class Pass {
  readonly #config: Config;
  readonly #reaper: ReaperConfig;
  readonly #events: PassEvents;
  readonly #mayGoOn: () => boolean;
  readonly #nowMs: number;

  constructor(config: Config, reaper: ReaperConfig, events: PassEvents, mayGoOn: () => boolean, nowMs: number) {
    this.#config = config;
    this.#reaper = reaper;
    this.#events = events;
    this.#mayGoOn = mayGoOn;
    this.#nowMs = nowMs;
  }

  async lookAfter(disk: Disk<CameraDirectory>): Promise<void> {
    const agedBytes = await this.#removeExpired(disk.entries);
    const space = await this.#measure(disk);
    if (space === undefined) return;
    // What a dry run would have removed for its age is not free, but would be.
    let missing = missingBytes(space, this.#reaper) - (this.#reaper.dryRun ? agedBytes : 0);
    if (missing > 0) missing -= await this.#removeOldest(disk.entries, missing, "settled");
    if (missing > 0) missing -= await this.#removeOldest(disk.entries, missing, "last resort");
    if (missing > 0 && this.#mayGoOn()) {
      this.#events.problem(
        `the disk of ${disk.path} still lacks ${Math.ceil(missing / 1e6)} MB to the free space that reaper asks for, and no ` +
          "footage is left on it to delete: see what else fills it",
      );
    }
    if (!this.#reaper.dryRun) await this.#measure(disk);
  }

  /** Undefined when the space cannot be told: then nothing may go for want of it, and nobody may think that all is well. */
  async #measure(disk: Disk<CameraDirectory>): Promise<Space | undefined> {
    try {
      const space = await readSpace(disk.path);
      this.#events.measured(disk.path, space);
      return space;
    } catch (error) {
      this.#events.problem(
        `the free space of ${disk.path} cannot be told (${codeOf(error)}): the reaper cannot keep it free`,
      );
      return undefined;
    }
  }

  async #removeExpired(entries: readonly CameraDirectory[]): Promise<number> {
    const queries = unique(
      entries.flatMap(({ camera, directory }) => {
        const days = maxAgeDays(camera, this.#config, this.#reaper);
        return days === undefined ? [] : [{ directory, lastDay: lastExpiredDay(days, this.#nowMs) }];
      }),
    );
    let freedBytes = 0;
    await this.#walk(queries, async (minute) => {
      if (!isExpired(minute, this.#config, this.#reaper, this.#nowMs)) return true;
      const condition = await conditionOf(minute, this.#nowMs);
      if (condition === "settled" || condition === "unconverted") {
        freedBytes += await this.#remove(minute, "age", condition === "unconverted");
      }
      return true;
    });
    return freedBytes;
  }

  /**
   * Removes the oldest minutes until `wantedBytes` are freed by count. The count decides, not the file system: a file that
   * somebody is just downloading gives its space back later, and some file systems always do; who waited for that would
   * go on deleting in the meantime. What is still missing then, the next pass will find.
   */
  async #removeOldest(
    entries: readonly CameraDirectory[],
    wantedBytes: number,
    round: "settled" | "last resort",
  ): Promise<number> {
    let freedBytes = 0;
    await this.#walk(unique(entries), async (minute) => {
      const expired = this.#reaper.dryRun && isExpired(minute, this.#config, this.#reaper, this.#nowMs);
      const condition = await conditionOf(minute, this.#nowMs);
      const due =
        round === "settled"
          ? condition === "settled" || condition === "unconverted"
          : condition === "unconverted-lately";
      if (due && !expired) freedBytes += await this.#remove(minute, "space", condition !== "settled");
      return freedBytes < wantedBytes;
    });
    return freedBytes;
  }

  /** Hands over minutes oldest first until `visit` answers false, and removes day folders that are empty then. */
  async #walk(queries: readonly FootageQuery[], visit: (minute: FootageMinute) => Promise<boolean>): Promise<void> {
    if (queries.length === 0) return;
    const newestClosedDay = dayOf(minuteAt((this.#nowMs - FOLDER_MARGIN_MS) * 1000));
    const unreadable = (folder: string, error: unknown) =>
      this.#events.problem(
        `${folder} cannot be read (${codeOf(error)}): correct its rights; its footage is left alone`,
      );
    for await (const { day, folders, minutes } of daysOldestFirst(queries, this.#nowMs, unreadable)) {
      let goOn = true;
      for (const minute of minutes) {
        goOn = this.#mayGoOn() && (await visit(minute));
        if (!goOn) break;
      }
      if (!this.#reaper.dryRun && day < newestClosedDay) await Promise.all(folders.map(removeIfEmpty));
      if (!goOn) return;
    }
  }

  async #remove(minute: FootageMinute, reason: Reason, unconverted: boolean): Promise<number> {
    const removal = await removeMinute(minute, this.#reaper.dryRun);
    if (removal.removedFiles > 0) this.#events.removed(minute, reason, removal, unconverted);
    if (removal.failure !== undefined) {
      const { path, error } = removal.failure;
      this.#events.problem(`footage in ${dirname(path)} cannot be deleted (${codeOf(error)}): correct its rights`);
    }
    return removal.freedBytes;
  }
}

function configuredDirectories(config: Config): CameraDirectory[] {
  return Array.from(config.cameras.values(), ({ id, directory }) => ({ camera: id, directory }));
}

/** Each directory once, with the latest of its last days. */
function unique(queries: readonly FootageQuery[]): FootageQuery[] {
  const latest = new Map<string, FootageQuery>();
  for (const { directory, lastDay } of queries) {
    const known = latest.get(directory)?.lastDay;
    if (known !== undefined && lastDay !== undefined && known >= lastDay) continue;
    latest.set(directory, lastDay === undefined ? { directory } : { directory, lastDay });
  }
  return [...latest.values()];
}

function tellOnce(events: PassEvents): PassEvents {
  const told = new Set<string>();
  return {
    removed: (...details) => events.removed(...details),
    measured: (...details) => events.measured(...details),
    problem(message) {
      if (told.has(message)) return;
      told.add(message);
      events.problem(message);
    },
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
