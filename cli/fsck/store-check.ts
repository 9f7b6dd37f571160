import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GAP_US } from "../../shared/minute/gap.ts";
import type { CameraDirectory } from "../../shared/store/directories.ts";
import {
  CAMERA_LIST_FOLDER,
  parseFootageName,
  QUARANTINE_FOLDER,
  quarantineFolder,
  REAPED_FOLDER,
  SPRITES_FOLDER,
} from "../../shared/store/names.ts";
import { DayFiles, type MinuteFiles, sortDirectory } from "./day-files.ts";
import { type CheckedMinute, checkMinute } from "./minute-check.ts";
import type { DayReport, Remark } from "./remarks.ts";
import type { Repairer } from "./repair.ts";

/** Called while a check runs. */
export interface CheckEvents {
  /** `outcome` is set when a repair was tried: its result in words; `isRepaired` when it succeeded. */
  found(remark: Remark, outcome?: { isRepaired: boolean; text: string }): void;
  day(report: DayReport): void;
  /** The progress, from 0 to 1. */
  progress(part: number): void;
}

export interface CheckOptions {
  /** Every directory to check. */
  directories: readonly CameraDirectory[];
  /** Restricts the check to this camera. */
  camera?: string;
  isDeep: boolean;
  /** Absent: nothing is changed. */
  repairer?: Repairer;
  events: CheckEvents;
  nowMs?: number;
}

/** Minutes whose files are read at the same time. */
const WINDOW = 8;

/**
 * Checks a whole store, one day of one directory at a time, so that only that is in memory. Never throws: what cannot
 * be read becomes a remark.
 */
export async function checkStore(options: CheckOptions): Promise<void> {
  await new StoreCheck(options).run();
}

class StoreCheck {
  readonly #options: CheckOptions;
  readonly #nowMs: number;
  /** By camera: where its newest minute ended; undefined when that is not known. */
  readonly #ends = new Map<string, number | undefined>();

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now();
  }

  async run(): Promise<void> {
    const folders: { directory: string; day: string; cameras: ReadonlySet<string> }[] = [];
    for (const [directory, cameras] of this.#camerasByDirectory()) {
      const names = await this.#names(directory, [...cameras].join(", "));
      const { days, others } = sortDirectory(names, [
        QUARANTINE_FOLDER,
        CAMERA_LIST_FOLDER,
        REAPED_FOLDER,
        SPRITES_FOLDER,
      ]);
      for (const name of others) this.#note(directory, name, [...cameras].join(", "));
      folders.push(...days.map((day) => ({ directory, day, cameras })));
      if (names.includes(QUARANTINE_FOLDER)) await this.#checkQuarantine(directory);
    }
    for (const [i, { directory, day, cameras }] of folders.entries()) {
      await this.#checkDay(directory, day, cameras, (part) =>
        this.#options.events.progress((i + part) / folders.length),
      );
    }
    this.#options.events.progress(1);
  }

  #camerasByDirectory(): Map<string, ReadonlySet<string>> {
    const byDirectory = new Map<string, Set<string>>();
    for (const { camera, directory } of this.#options.directories) {
      byDirectory.set(directory, (byDirectory.get(directory) ?? new Set()).add(camera));
    }
    const wanted = this.#options.camera;
    return new Map([...byDirectory].filter(([, cameras]) => wanted === undefined || cameras.has(wanted)));
  }

  async #checkDay(
    directory: string,
    day: string,
    cameras: ReadonlySet<string>,
    progress: (part: number) => void,
  ): Promise<void> {
    const folder = join(directory, day);
    const names = await this.#names(folder, [...cameras].join(", "));
    const { minutes, remarks } = await DayFiles.sort(directory, day, names, cameras, this.#nowMs);
    const reports = new Map<string, DayReport>();
    for (const remark of remarks.filter(({ camera }) => this.#isWanted(camera))) {
      this.#tell(remark);
      if (remark.severity === "fault") reportOf(reports, remark.camera, day).faults++;
    }
    const wanted = minutes.filter(({ camera }) => this.#isWanted(camera));
    for (let at = 0; at < wanted.length; at += WINDOW) {
      const some = wanted.slice(at, at + WINDOW);
      const checked = await Promise.all(some.map((files) => checkMinute(files, this.#options.isDeep, this.#nowMs)));
      for (const [i, files] of some.entries()) {
        const report = reportOf(reports, files.camera, day);
        await this.#take(directory, files, checked[i] as CheckedMinute, report);
      }
      progress((at + some.length) / wanted.length);
    }
    for (const report of [...reports.values()].sort((a, b) => (a.camera < b.camera ? -1 : 1))) {
      this.#options.events.day(report);
    }
  }

  async #take(directory: string, files: MinuteFiles, checked: CheckedMinute, report: DayReport): Promise<void> {
    const { camera, minute } = files;
    report.minutes++;
    if (checked.isWaiting) report.waiting++;
    this.#countGaps(camera, checked, report);
    const outcomes = new Map<string, string | undefined>();
    for (const remark of checked.remarks) {
      const { remedy } = remark;
      if (remedy === undefined || this.#options.repairer === undefined) {
        report.faults++;
        this.#tell(remark);
        continue;
      }
      if (!outcomes.has(remedy)) {
        outcomes.set(remedy, await this.#options.repairer.repair({ directory, camera, minute }, remedy));
      }
      const trouble = outcomes.get(remedy);
      report[trouble === undefined ? "repaired" : "faults"]++;
      this.#options.events.found(remark, { isRepaired: trouble === undefined, text: trouble ?? "repaired" });
    }
  }

  #countGaps(camera: string, { spans, isWaiting }: CheckedMinute, report: DayReport): void {
    let endUs = this.#ends.get(camera);
    for (const { firstCaptureTimeUs, endUs: spanEndUs } of isWaiting ? [] : spans) {
      const gapUs = endUs === undefined ? 0 : firstCaptureTimeUs - endUs;
      if (gapUs >= GAP_US) {
        report.gaps++;
        report.gapUs += gapUs;
      }
      endUs = spanEndUs;
    }
    this.#ends.set(camera, isWaiting || spans.length === 0 ? undefined : endUs);
  }

  async #checkQuarantine(directory: string): Promise<void> {
    const folder = quarantineFolder(directory);
    for (const name of await this.#names(folder, "-")) {
      const says = parseFootageName(name);
      if (says === undefined || !this.#isWanted(says.camera)) continue;
      const path = join(folder, name);
      const reason = await reasonOf(`${path}.json`);
      const message = `a chunk in quarantine: ${reason}`;
      this.#tell({ severity: "fault", camera: says.camera, when: says.minute, path, message });
    }
  }

  async #names(folder: string, camera: string): Promise<string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      const isNew = code === "ENOENT" && (await stat(dirname(folder)).catch(() => undefined)) !== undefined;
      if (!isNew) {
        const advice = code === "ENOENT" ? "it is not there: see whether its disk is mounted" : code || message;
        this.#tell({
          severity: "fault",
          camera,
          when: "",
          path: folder,
          message: `the folder cannot be read: ${advice}`,
        });
      }
      return [];
    }
  }

  #note(directory: string, name: string, camera: string): void {
    this.#tell({ severity: "note", camera, when: "", path: join(directory, name), message: "not a file of Hindsight" });
  }

  #tell(remark: Remark): void {
    this.#options.events.found(remark);
  }

  #isWanted(camera: string): boolean {
    return this.#options.camera === undefined || this.#options.camera === camera || camera === "-";
  }
}

function reportOf(reports: Map<string, DayReport>, camera: string, day: string): DayReport {
  const empty = { camera, day, minutes: 0, waiting: 0, faults: 0, repaired: 0, gaps: 0, gapUs: 0 };
  const report = reports.get(camera) ?? empty;
  reports.set(camera, report);
  return report;
}

async function reasonOf(notePath: string): Promise<string> {
  try {
    const { reason } = JSON.parse(await readFile(notePath, "utf8")) as { reason?: unknown };
    return typeof reason === "string" ? reason : "the reason is not told";
  } catch {
    return "the reason cannot be read";
  }
}
