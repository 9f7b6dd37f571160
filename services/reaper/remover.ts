import { constants } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { QUARANTINE_FOLDER } from "../../shared/store/names.ts";
import { removeSpriteSheets } from "../../shared/store/sprite-sheet.ts";
import { type Amount, NOTHING } from "./amount.ts";
import type { FootageMinute } from "./footage.ts";
import type { PassEvents } from "./pass-events.ts";
import type { ReapedLog, ReapedMinute, Reason } from "./reaped-log.ts";
import { type Removal, removeIfEmpty, removeMinute } from "./remove-minute.ts";

/** Removes minutes, each after its line in the log is durable. Failures are reported as problems. */
export class Remover {
  readonly #files: StoreFiles;
  readonly #storageRoot: string;
  readonly #reaper: ReaperConfig;
  readonly #events: PassEvents;
  readonly #log: ReapedLog;
  /** Folders where deleting, or logging it, failed: skipped for the rest of the pass. */
  readonly #stuck = new Set<string>();
  #logBroken = false;

  constructor(parts: { files: StoreFiles; config: Config; reaper: ReaperConfig; events: PassEvents; log: ReapedLog }) {
    const { files, config, reaper, events, log } = parts;
    this.#files = files;
    this.#storageRoot = config.storage.root;
    this.#reaper = reaper;
    this.#events = events;
    this.#log = log;
  }

  /** Returns the space that was freed. Never rejects. */
  async remove(minute: FootageMinute, reason: Reason, unconverted: boolean): Promise<Amount> {
    if (this.#reaper.dryRun)
      return this.#told(minute, reason, unconverted, await removeMinute(this.#files, minute, true));
    const folder = dirname(minute.files[0]?.path ?? minute.directory);
    if (this.#logBroken || this.#stuck.has(folder)) return NOTHING;
    try {
      await this.#files.accessFolder(folder, constants.W_OK);
    } catch (error) {
      this.#refuse(folder, error);
      return NOTHING;
    }
    const entry = entryOf(minute, reason, unconverted);
    const onTime = await this.#write(entry);
    if (this.#logBroken) return NOTHING;
    const removal = await removeMinute(this.#files, minute, false);
    await this.#removeSheet(minute);
    if (removal.failure !== undefined) this.#refuse(folder, removal.failure.error);
    else this.#log.forget(entry);
    // The disk of the log was completely full: the deletion made room for the line.
    if (!onTime && removal.removedFiles > 0 && !(await this.#write(entry))) {
      this.#events.problem(`${minute.camera} ${minute.minute} was deleted, but the disk was too full to note it`);
    }
    return this.#told(minute, reason, unconverted, removal);
  }

  async removeEmpty(folders: readonly string[]): Promise<void> {
    await Promise.all(folders.map((folder) => removeIfEmpty(this.#files, folder)));
  }

  /**
   * After the minute's files: an api that draws the sheet meanwhile checks for those files again once it is written.
   */
  async #removeSheet({ camera, minute }: FootageMinute): Promise<void> {
    try {
      await removeSpriteSheets(this.#files, this.#storageRoot, camera, minute);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      this.#events.problem(
        `sprite sheets of deleted footage cannot be deleted (${code}): correct the rights of .sprites`,
      );
    }
  }

  #told(minute: FootageMinute, reason: Reason, unconverted: boolean, removal: Removal): Amount {
    if (removal.removedFiles > 0) this.#events.removed(minute, reason, removal, unconverted);
    return removal.freed;
  }

  /** False when the disk has no room for the line. Any other failure ends the deleting of this pass. */
  async #write(entry: ReapedMinute): Promise<boolean> {
    try {
      await this.#log.write(entry);
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOSPC" || code === "EDQUOT") return false;
      this.#logBroken = true;
      this.#events.problem(`nothing is deleted, as the log of deletions cannot be written: ${message}`);
      return false;
    }
  }

  #refuse(folder: string, error: unknown): void {
    this.#stuck.add(folder);
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    this.#events.problem(`footage in ${folder} cannot be deleted (${code}): correct its rights`);
  }
}

function entryOf({ directory, camera, minute, files }: FootageMinute, reason: Reason, unconverted: boolean) {
  const at = new Date().toISOString();
  const names = files.map(({ path, kind }) =>
    kind === "quarantined" ? join(QUARANTINE_FOLDER, basename(path)) : basename(path),
  );
  return { at, camera, minute, directory, reason, unconverted, files: names };
}
