import { basename, dirname, join, resolve } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Surroundings } from "../process/surroundings.ts";
import { makeDirectory, writeAside } from "../store/durable.ts";
import { configPath } from "./load-config.ts";

/** Passwords stand in it. */
const MODE = 0o600;

/**
 * The text of the configuration file as it was when it was valid last, so that a process that starts while the file is not
 * goes on with that. It must be found without a configuration: it lies beside the file, or, where NVR_STORAGE_ROOT names it,
 * in the storage; in containers the configuration's folder is read-only. Any number of processes may keep it.
 */
export class LastGoodConfig {
  readonly #files: StoreFiles;
  /** Absolute. */
  readonly path: string;
  /** One after the other, so that the newest is written last. */
  #writing: Promise<void> = Promise.resolve();

  constructor(files: StoreFiles, surroundings: Surroundings) {
    this.#files = files;
    const file = configPath(surroundings);
    const root = surroundings.env.NVR_STORAGE_ROOT;
    const folder = root ? resolve(surroundings.cwd, root) : dirname(file);
    this.path = join(folder, `.${basename(file)}.last-good`);
  }

  /** Undefined when none was kept, or it cannot be read. Never rejects. */
  async read(): Promise<string | undefined> {
    return await this.#files.readFile(this.path, "utf8").catch(() => undefined);
  }

  /** Makes it durable unless the same is there. Rejects with the errors of `makeDirectory`, `writeAside`, `syncFolder`. */
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
