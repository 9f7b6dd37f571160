import { basename, dirname, join, resolve } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Surroundings } from "../process/surroundings.ts";
import { makeDirectory, writeAside } from "../store/durable.ts";
import { configPath } from "./load-config.ts";

/** The file holds passwords. */
const MODE = 0o600;

/**
 * The text of the configuration file when it was last valid, so that a process that starts while the file is invalid
 * can use that. It must be found without a configuration, so it is stored beside the file or, if NVR_STORAGE_ROOT is
 * set, in the storage, because in containers the configuration's folder is read-only. Any number of processes may store
 * it.
 */
export class LastGoodConfig {
  readonly #files: StoreFiles;
  /** Absolute. */
  readonly path: string;
  /** Writes run one after the other, so that the newest text is written last. */
  #writing: Promise<void> = Promise.resolve();

  constructor(files: StoreFiles, surroundings: Surroundings) {
    this.#files = files;
    const file = configPath(surroundings);
    const root = surroundings.env.NVR_STORAGE_ROOT;
    const folder = root ? resolve(surroundings.cwd, root) : dirname(file);
    this.path = join(folder, `.${basename(file)}.last-good`);
  }

  /** The stored text; undefined when there is none, or it cannot be read. Never rejects. */
  async read(): Promise<string | undefined> {
    return await this.#files.readFile(this.path, "utf8").catch(() => undefined);
  }

  /**
   * Stores a text durably, unless it is stored already. Rejects with the errors of `makeDirectory`, `writeAside`,
   * `syncFolder`.
   */
  keep(text: string): Promise<void> {
    const written = this.#writing.then(() => this.#write(text));
    this.#writing = written.catch(() => {});
    return written;
  }

  async #write(text: string): Promise<void> {
    if ((await this.read()) === text) return;
    const folder = dirname(this.path);
    await makeDirectory(this.#files, folder);
    await writeAside(this.#files, this.path, async (file) => {
      await file.chmod(MODE);
      await file.writeFile(text);
    });
    await this.#files.syncFolder(folder);
  }
}
