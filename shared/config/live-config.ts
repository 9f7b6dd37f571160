import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../logging/logger.ts";
import type { Config, LiveConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { configPath, parseConfig, processSurroundings, readConfigText, type Surroundings } from "./load-config.ts";

/** Editors write in several steps: the file is read when it was left alone for so long. */
const SETTLE_MS = 200;
/** Network and container file systems may not tell of changes. */
const POLL_MS = 2000;

/**
 * The configuration in force, followed while its file changes. The file's folder is watched, not the file: editors put a
 * new file in its place, and Docker mounts the folder. An invalid or vanished file is logged once, and what was in force
 * stays in force.
 */
export class LiveConfigFile implements LiveConfig {
  #current: Config;
  #text: string | undefined;
  #problem: string | undefined;
  readonly #surroundings: Surroundings;
  readonly #path: string;
  readonly #listeners = new Set<(next: Config, previous: Config) => void>();
  #logger: Logger | undefined;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #reading = false;

  private constructor(surroundings: Surroundings, text: string | undefined, current: Config) {
    this.#surroundings = surroundings;
    this.#path = configPath(surroundings);
    this.#text = text;
    this.#current = current;
  }

  /** Loads the configuration. Throws ConfigError. */
  static async open(surroundings: Surroundings = processSurroundings()): Promise<LiveConfigFile> {
    const text = await readConfigText(surroundings);
    const current = parseConfig(text ?? "{}", configPath(surroundings), surroundings);
    return new LiveConfigFile(surroundings, text, current);
  }

  get current(): Config {
    return this.#current;
  }

  /** The file's absolute path; there need not be such a file. */
  get path(): string {
    return this.#path;
  }

  /** Why the file as it is now is not in force; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  onChange(listener: (next: Config, previous: Config) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to follow the file; `close` ends it. */
  watch(logger: Logger): void {
    this.#logger = logger;
    this.#poll = setInterval(() => {
      this.#watchFolder();
      void this.#read();
    }, POLL_MS);
    this.#poll.unref();
    this.#watchFolder();
    void this.#read();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#settle);
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#logger = undefined;
  }

  #watchFolder(): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(dirname(this.#path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.#path)) this.#readSoon();
      });
      const end = () => {
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
      };
      watcher.on("error", end);
      this.#watcher = watcher;
    } catch {
      // No such folder, or no inotify watch left: the poll goes on, and tries again to watch.
    }
  }

  #readSoon(): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.#read(), SETTLE_MS);
    this.#settle.unref();
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const text = await readConfigText(this.#surroundings);
      if (this.#logger === undefined) return;
      if (text === undefined && this.#text !== undefined) {
        this.#refuse(`${this.#path} is gone: put it back, or restart to run without it`);
      } else if (text !== this.#text || this.#problem !== undefined) {
        this.#take(text);
      }
    } catch (error) {
      this.#refuse(error instanceof ConfigError ? error.message : String(error));
    } finally {
      this.#reading = false;
    }
  }

  /** Throws ConfigError when the text is no valid configuration. */
  #take(text: string | undefined): void {
    const next = parseConfig(text ?? "{}", this.#path, this.#surroundings);
    const previous = this.#current;
    const hadProblem = this.#problem !== undefined;
    this.#text = text;
    this.#problem = undefined;
    if (isDeepStrictEqual(next, previous)) {
      if (hadProblem) this.#logger?.info("the configuration is valid again");
      return;
    }
    this.#current = next;
    this.#logger?.info("the configuration has changed and is in force", { file: this.#path });
    for (const listener of this.#listeners) {
      try {
        listener(next, previous);
      } catch (error) {
        this.#logger?.error("a part could not take over the changed configuration: restart this service", { error });
      }
    }
  }

  #refuse(problem: string): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    this.#logger?.warn(`the changed configuration is not valid; the old one stays in force: ${problem}`);
  }
}
