import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isLeftBehind } from "../../shared/store/durable.ts";
import { keepPath, parseFootageName, parseTemporaryName } from "../../shared/store/names.ts";
import { dayOf, isDay, type Minute, minuteStartUs } from "../../shared/time/minute.ts";
import type { Remark } from "./remarks.ts";

/** The files of one minute of one camera. */
export interface MinuteFiles {
  camera: string;
  minute: Minute;
  chunks: string[];
  mp4?: string;
  preview?: string;
  thumbnail?: string;
}

/** The files in a day's folder, sorted by minute and camera. A file that does not belong there becomes a remark. */
export class DayFiles {
  /** By camera and minute, oldest first. */
  readonly minutes: readonly MinuteFiles[];
  readonly remarks: Remark[] = [];
  readonly #folder: string;
  readonly #directory: string;

  private constructor(directory: string, day: string, names: readonly string[], cameras: ReadonlySet<string>) {
    this.#directory = directory;
    this.#folder = join(directory, day);
    const minutes = new Map<string, MinuteFiles>();
    const others: string[] = [];
    for (const name of names) {
      const says = parseFootageName(name);
      if (says === undefined) {
        if (parseTemporaryName(name) === undefined) others.push(name);
        continue;
      }
      const { camera, minute, kind } = says;
      const path = join(this.#folder, name);
      if (dayOf(minute) !== day) this.#fault(camera, minute, path, "it lies in the folder of another day");
      else if (!cameras.has(camera))
        this.#fault(camera, minute, path, "no camera of this name records into this folder");
      else {
        const key = `${minute}.${camera}`;
        const files = minutes.get(key) ?? { camera, minute, chunks: [] };
        minutes.set(key, files);
        if (kind === "chunk") files.chunks.push(path);
        else files[kind] = path;
      }
    }
    this.minutes = [...minutes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, files]) => files);
    this.#tellOthers(others, day, minutes);
  }

  /** Sorts the names in a day's folder; `cameras` are those that may have footage in it. */
  static async sort(
    directory: string,
    day: string,
    names: readonly string[],
    cameras: ReadonlySet<string>,
    nowMs: number,
  ): Promise<DayFiles> {
    const sorted = new DayFiles(directory, day, names, cameras);
    for (const name of names) {
      const finalName = parseTemporaryName(name);
      if (finalName !== undefined) await sorted.#tellIfLeftBehind(name, finalName, nowMs);
    }
    return sorted;
  }

  async #tellIfLeftBehind(name: string, finalName: string, nowMs: number): Promise<void> {
    const path = join(this.#folder, name);
    const state = await stat(path).catch(() => undefined);
    if (state === undefined || !isLeftBehind(state, nowMs)) return;
    const [camera = "", day, time] = finalName.split(".");
    this.#fault(camera, `${day}.${time}`, path, "a temporary file was left behind for more than an hour");
  }

  #tellOthers(names: readonly string[], day: string, minutes: ReadonlyMap<string, MinuteFiles>): void {
    for (const name of names) {
      const path = join(this.#folder, name);
      const [camera = "", , time = ""] = name.split(".");
      const minute = `${day}.${time}`;
      const isMark = minuteStartUs(minute) !== undefined && path === keepPath(this.#directory, camera, minute);
      if (isMark && minutes.has(`${minute}.${camera}`)) continue;
      const message = isMark ? "a mark keeps a minute that is not there" : "not a file of Hindsight";
      this.remarks.push({
        severity: "note",
        camera: isMark ? camera : "-",
        when: isMark ? minute : day,
        path,
        message,
      });
    }
  }

  #fault(camera: string, when: string, path: string, message: string): void {
    this.remarks.push({ severity: "fault", camera, when, path, message });
  }
}

/** The names in a camera's directory that are days, oldest first, and those that are not ours. */
export function sortDirectory(names: readonly string[], ours: readonly string[]): { days: string[]; others: string[] } {
  return {
    days: names.filter(isDay).sort(),
    others: names.filter((name) => !isDay(name) && !ours.includes(name)),
  };
}
