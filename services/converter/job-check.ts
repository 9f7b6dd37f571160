import { isAbsolute, resolve } from "node:path";
import type { LiveConfig } from "../../shared/config/config.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import { listCameraDirectories } from "../../shared/store/directories.ts";
import { CAMERA_ID_PATTERN } from "../../shared/store/names.ts";
import { minuteStartUs } from "../../shared/time/minute.ts";

/** A job that none of our services pushed: whoever may write to Redis may put anything there. */
export class ForgedJobError extends Error {
  override name = "ForgedJobError";
}

const MAX_SHOWN_CHARACTERS = 200;
/** Minimum interval between two reads of the list of directories for unknown ones. */
const LIST_FRESH_MS = 1000;

/** Accepts only jobs that name a camera, a minute, and a directory in which that camera is or was recorded. */
export class JobCheck {
  readonly #files: StoreFiles;
  readonly #config: LiveConfig;
  readonly #known = new Set<string>();
  #listedMs = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;

  constructor(files: StoreFiles, config: LiveConfig) {
    this.#files = files;
    this.#config = config;
  }

  /**
   * Returns the job without any other members. Throws ForgedJobError, and the errors of reading the list of camera
   * directories.
   */
  async accept(data: unknown): Promise<ConversionJob> {
    const { camera, minute, directory } = (data ?? {}) as Partial<Record<keyof ConversionJob, unknown>>;
    if (
      typeof camera !== "string" ||
      !CAMERA_ID_PATTERN.test(camera) ||
      typeof minute !== "string" ||
      minuteStartUs(minute) === undefined ||
      typeof directory !== "string" ||
      !isAbsolute(directory)
    ) {
      throw new ForgedJobError(`a job that is none of ours is refused: ${shown(data)}`);
    }
    if (!(await this.#isKnown(camera, directory))) {
      throw new ForgedJobError(`a job is refused, for this camera was never recorded in its directory: ${shown(data)}`);
    }
    return { camera, minute, directory: resolve(directory) };
  }

  async #isKnown(camera: string, directory: string): Promise<boolean> {
    const key = `${camera}\n${resolve(directory)}`;
    const configured = this.#config.current.cameras.get(camera);
    if (configured !== undefined && resolve(configured.directory) === resolve(directory)) return true;
    if (!this.#known.has(key) && performance.now() - this.#listedMs > LIST_FRESH_MS) {
      this.#listing ??= this.#list().finally(() => {
        this.#listing = undefined;
      });
    }
    await this.#listing;
    return this.#known.has(key);
  }

  async #list(): Promise<void> {
    const entries = await listCameraDirectories(this.#files, this.#config.current.storage.root, []);
    this.#listedMs = performance.now();
    for (const { camera, directory } of entries) this.#known.add(`${camera}\n${directory}`);
  }
}

function shown(data: unknown): string {
  const text = JSON.stringify(data) ?? "nothing";
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}
