import { dirname } from "node:path";
import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { type CameraDirectory, configuredDirectories, listCameraDirectories } from "../../shared/store/directories.ts";
import { dayAtMs } from "../../shared/time/minute.ts";
import { type Amount, isAny, lacking, NOTHING, sum } from "./amount.ts";
import type { DaySizes } from "./day-sizes.ts";
import { dayNames, daysOldestFirst, type FootageMinute, type FootageQuery } from "./footage.ts";
import { type DiskGroup, groupByDisk, missing, readSpace, type Space } from "./free-space.ts";
import { bytesByCamera } from "./oversize.ts";
import type { PassEvents } from "./pass-events.ts";
import type { ReapedLog, Reason } from "./reaped-log.ts";
import { Remover } from "./remover.ts";
import { isExpired, lastExpiredDay, maxAgeDays, maxBytes, minuteStateOf, spaceGoal } from "./rules.ts";
import { ageClock } from "./trusted-clock.ts";

export interface PassParts {
  files: StoreFiles;
  config: Config;
  reaper: ReaperConfig;
  events: PassEvents;
  log: ReapedLog;
  /** Kept between passes, so that finished days are measured once. */
  sizes: DaySizes;
  /** Called before each minute: a pass ends early when the service stops or the configuration has changed. */
  mayGoOn(): boolean;
  /** Skips the rules for age and size: a disk that fills up comes first. */
  spaceOnly?: boolean;
  /** Bytes to free in addition to the goal on the disk of these directories. */
  headroomBytes?(directories: readonly string[]): number;
  nowMs?: number;
}

/** How long an empty folder is kept after its day: a recorder may be about to create a file in it. */
const FOLDER_MARGIN_MS = 3_600_000;

/**
 * One pass over all disks. Deletes what is too old, then what exceeds a camera's size limit, then the oldest of the
 * rest until each disk has its free space. Failures with a file, folder or disk are reported as problems and stop
 * nothing else. Rejects only when the list of camera directories cannot be read: nothing is deleted then.
 */
export async function runPass(parts: PassParts): Promise<void> {
  const events = tellOnce(parts.events);
  const { files, config, nowMs = Date.now() } = parts;
  const listed = await listCameraDirectories(
    files,
    config.storage.root,
    configuredDirectories(config.cameras),
    (path, error) => {
      events.problem(`${path} cannot be read (${codeOf(error)}): the footage that it points to is left alone`);
    },
  );
  const { disks, unknown } = await groupByDisk(files, listed);
  for (const { entry, error } of unknown) {
    events.problem(`the disk of ${entry.directory} does not answer (${codeOf(error)}): see whether it is mounted`);
  }
  const pass = new Pass({ ...parts, events }, nowMs);
  if (parts.spaceOnly !== true) await pass.setAgeClock(disks.flatMap(({ entries }) => entries));
  for (const disk of disks) await pass.lookAfter(disk);
}

class Pass {
  readonly #config: Config;
  readonly #reaper: ReaperConfig;
  readonly #parts: PassParts;
  readonly #remover: Remover;
  readonly #nowMs: number;
  #ageNowMs: number;
  /** Minutes that a dry run has already counted. */
  readonly #counted = new Set<string>();

  constructor(parts: PassParts, nowMs: number) {
    this.#config = parts.config;
    this.#reaper = parts.reaper;
    this.#parts = parts;
    this.#remover = new Remover(parts);
    this.#nowMs = nowMs;
    this.#ageNowMs = nowMs;
  }

  async setAgeClock(entries: readonly CameraDirectory[]): Promise<void> {
    if (!entries.some(({ camera }) => maxAgeDays(camera, this.#config, this.#reaper) !== undefined)) return;
    const directories = [...new Set(entries.map(({ directory }) => directory))];
    const days = await Promise.all(directories.map((directory) => dayNames(this.#parts.files, directory, () => {})));
    const { nowMs, doubt } = ageClock(days.flat(), this.#nowMs);
    this.#ageNowMs = nowMs;
    if (doubt !== undefined) this.#parts.events.problem(doubt);
  }

  async lookAfter(disk: DiskGroup<CameraDirectory>): Promise<void> {
    let freed = NOTHING;
    if (this.#parts.spaceOnly !== true) {
      freed = sum(freed, await this.#removeExpired(disk.entries));
      freed = sum(freed, await this.#removeOversize(disk.entries));
    }
    const space = await this.#measure(disk);
    if (space === undefined) return;
    // What a dry run would have removed so far counts as free.
    const goal = missing(space, spaceGoal(this.#config, this.#reaper, directoriesOf(disk)));
    const needed = lacking(goal, this.#reaper.dryRun ? freed : NOTHING);
    const headroom = needed.bytes > 0 ? (this.#parts.headroomBytes?.(directoriesOf(disk)) ?? 0) : 0;
    const wanted = sum(needed, { bytes: headroom, inodes: 0 });
    let given = NOTHING;
    for (const round of ["settled", "last resort"] as const) {
      const rest = lacking(wanted, given);
      if (isAny(rest)) given = sum(given, await this.#removeOldest(disk.entries, rest, round));
    }
    const rest = lacking(needed, given);
    if (isAny(rest) && this.#parts.mayGoOn()) this.#tellOfLack(disk.path, rest);
    if (!this.#reaper.dryRun) await this.#measure(disk);
  }

  #tellOfLack(path: string, { bytes, inodes }: Amount): void {
    const { problem } = this.#parts.events;
    const end = "and no footage is left on it to delete: see what else fills it";
    if (bytes > 0) {
      const megabytes = Math.ceil(bytes / 1e6);
      problem(`the disk of ${path} still lacks ${megabytes} MB to the free space that reaper asks for, ${end}`);
    }
    if (inodes > 0) problem(`the disk of ${path} still lacks ${inodes} free inodes, one for each file, ${end}`);
  }

  /** Undefined, and a problem reported, when the space cannot be read: nothing may then be deleted to free space. */
  async #measure(disk: DiskGroup<CameraDirectory>): Promise<Space | undefined> {
    try {
      const space = await readSpace(this.#parts.files, disk.path);
      this.#parts.events.measured(disk.path, space, directoriesOf(disk));
      return space;
    } catch (error) {
      this.#parts.events.problem(
        `the free space of ${disk.path} cannot be told (${codeOf(error)}): the reaper cannot keep it free`,
      );
      return undefined;
    }
  }

  async #removeExpired(entries: readonly CameraDirectory[]): Promise<Amount> {
    const queries = unique(
      entries.flatMap(({ camera, directory }) => {
        const days = maxAgeDays(camera, this.#config, this.#reaper);
        return days === undefined ? [] : [{ directory, lastDay: lastExpiredDay(days, this.#ageNowMs) }];
      }),
    );
    let freed = NOTHING;
    await this.#walk(queries, async (minute) => {
      if (!isExpired(minute, this.#config, this.#reaper, this.#ageNowMs)) return true;
      const state = await minuteStateOf(this.#parts.files, minute, this.#nowMs);
      if (state === "settled" || state === "unconverted") {
        freed = sum(freed, await this.#remove(minute, "age", state === "unconverted"));
      }
      return true;
    });
    return freed;
  }

  /** Removes the oldest minutes of each camera that has more than its `maxBytes` on this disk. */
  async #removeOversize(entries: readonly CameraDirectory[]): Promise<Amount> {
    const limited = entries.filter(({ camera }) => maxBytes(camera, this.#config, this.#reaper) !== undefined);
    if (limited.length === 0) return NOTHING;
    const directories = unique(limited);
    const { files, sizes, mayGoOn } = this.#parts;
    const held = await bytesByCamera(files, directories, sizes, mayGoOn, (folder, error) => {
      this.#parts.events.problem(`${folder} cannot be measured (${codeOf(error)}): maxBytes cannot be kept there`);
    });
    if (held === undefined) return NOTHING;
    let freedInAll = NOTHING;
    const excess = new Map<string, number>();
    for (const [camera, bytes] of held) {
      const over = bytes - (maxBytes(camera, this.#config, this.#reaper) ?? bytes);
      if (over > 0) excess.set(camera, over);
    }
    if (excess.size === 0) return NOTHING;
    await this.#walk(directories, async (minute) => {
      const over = excess.get(minute.camera);
      if (over === undefined || this.#counted.has(keyOf(minute))) return true;
      const state = await minuteStateOf(this.#parts.files, minute, this.#nowMs);
      if (state === "settled" || state === "unconverted") {
        const freed = await this.#remove(minute, "size", state === "unconverted");
        freedInAll = sum(freedInAll, freed);
        if (over > freed.bytes) excess.set(minute.camera, over - freed.bytes);
        else excess.delete(minute.camera);
      }
      return excess.size > 0;
    });
    return freedInAll;
  }

  /**
   * Removes the oldest minutes until the sizes of the deleted files add up to what is wanted. The sum decides, not the
   * file system's free space: a file that is being downloaded frees its space only later, as all files do on some file
   * systems, and deleting would go on meanwhile. If space is still missing after that, the next pass finds it.
   */
  async #removeOldest(
    entries: readonly CameraDirectory[],
    wanted: Amount,
    round: "settled" | "last resort",
  ): Promise<Amount> {
    let freed = NOTHING;
    await this.#walk(unique(entries), async (minute) => {
      if (this.#counted.has(keyOf(minute))) return true;
      const state = await minuteStateOf(this.#parts.files, minute, this.#nowMs);
      const due = round === "settled" ? state === "settled" || state === "unconverted" : state === "unconverted-lately";
      const reason = wanted.bytes > freed.bytes ? "space" : "inodes";
      if (due) freed = sum(freed, await this.#remove(minute, reason, state !== "settled"));
      return isAny(lacking(wanted, freed));
    });
    return freed;
  }

  /**
   * Calls `visit` with each minute, oldest first, until it returns false, and removes day folders that became empty.
   */
  async #walk(queries: readonly FootageQuery[], visit: (minute: FootageMinute) => Promise<boolean>): Promise<void> {
    if (queries.length === 0) return;
    const newestClosedDay = dayAtMs(this.#nowMs - FOLDER_MARGIN_MS);
    const unreadable = (folder: string, error: unknown) =>
      this.#parts.events.problem(
        `${folder} cannot be read (${codeOf(error)}): correct its rights; its footage is left alone`,
      );
    for await (const { day, folders, minutes } of daysOldestFirst(
      this.#parts.files,
      queries,
      this.#nowMs,
      unreadable,
    )) {
      let goOn = true;
      for await (const minute of minutes) {
        goOn = this.#parts.mayGoOn() && (await visit(minute));
        if (!goOn) break;
      }
      if (!this.#reaper.dryRun && day < newestClosedDay) await this.#remover.removeEmpty(folders);
      if (!goOn) return;
    }
  }

  async #remove(minute: FootageMinute, reason: Reason, unconverted: boolean): Promise<Amount> {
    if (this.#reaper.dryRun) this.#counted.add(keyOf(minute));
    return this.#remover.remove(minute, reason, unconverted);
  }
}

function keyOf({ directory, camera, minute, files }: FootageMinute): string {
  return `${dirname(files[0]?.path ?? directory)}\n${camera}.${minute}`;
}

function directoriesOf(disk: DiskGroup<CameraDirectory>): string[] {
  return [...new Set(disk.entries.map(({ directory }) => directory))];
}

/** Merges queries of the same directory into one, with the latest `lastDay`. */
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
