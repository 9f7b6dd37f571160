import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Logger } from "../logging/logger.ts";
import { processSurroundings, type Surroundings } from "../process/surroundings.ts";
import type { Config, LiveConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { LastGoodConfig } from "./last-good.ts";
import { configPath, parseConfig, readConfigText } from "./load-config.ts";
import { findOpenSecrets } from "./readers.ts";
import { restartKeys } from "./restart-keys.ts";

/** Timing of the checks for changes. */
export interface FollowPace {
  /** Editors write in several steps, so the file is parsed once it has been unchanged for this long. */
  settleMs: number;
  /** Interval at which the file is read, since network and container file systems may not report changes. */
  pollMs: number;
}

const PACE: FollowPace = { settleMs: 200, pollMs: 2000 };

/** What reading the file gave: its text, undefined when there is no file, or why it cannot be read. */
type Found = { text: string | undefined } | { trouble: string };

/**
 * The configuration in force, updated when its file changes. The file's folder is watched rather than the file, because
 * editors replace the file and Docker mounts the folder. An invalid or missing file is logged once, and the old
 * configuration stays in force, also for a process that starts in the meantime (see LastGoodConfig). Changed keys that
 * need a restart are also logged.
 */
export class LiveConfigFile implements LiveConfig {
  #current: Config;
  /** Whether the configuration in force came from a file. */
  #isFromFile: boolean;
  /** What was processed last: the same content is not processed again. */
  #judged: Found;
  #problem: string | undefined;
  #refused: string | undefined;
  readonly #lastGood: LastGoodConfig;
  /** Text of the configuration in force that has not been stored as the last good one yet. */
  #unkept: string | undefined;
  #isUnkeptLogged = false;
  readonly #surroundings: Surroundings;
  readonly #pace: FollowPace;
  readonly #path: string;
  readonly #listeners = new Set<(next: Config, previous: Config) => void>();
  #logger: Logger | undefined;
  #isLoggedElsewhere = false;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isSettledLookDue = false;

  private constructor(
    lastGood: LastGoodConfig,
    surroundings: Surroundings,
    pace: FollowPace,
    text: string | undefined,
    current: Config,
  ) {
    this.#surroundings = surroundings;
    this.#pace = pace;
    this.#path = configPath(surroundings);
    this.#lastGood = lastGood;
    this.#isFromFile = text !== undefined;
    this.#judged = { text };
    this.#unkept = text;
    this.#current = current;
  }

  /** Loads the configuration or, if it is not valid, the stored last good one. Throws ConfigError. */
  static async open(
    files: StoreFiles,
    surroundings: Surroundings = processSurroundings(),
    pace = PACE,
  ): Promise<LiveConfigFile> {
    const path = configPath(surroundings);
    const lastGood = new LastGoodConfig(files, surroundings);
    let found: Found | undefined;
    try {
      const text = await readConfigText(surroundings);
      found = { text };
      if (text === undefined && (await lastGood.read()) !== undefined) {
        throw new ConfigError([{ key: "", expected: goneAdvice(lastGood), place: path }]);
      }
      return new LiveConfigFile(lastGood, surroundings, pace, text, parseConfig(text ?? "{}", path, surroundings));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const kept = await lastGood.read();
      if (kept === undefined) throw error;
      const live = new LiveConfigFile(
        lastGood,
        surroundings,
        pace,
        kept,
        parseKept(kept, lastGood, surroundings, error),
      );
      live.#judged = found ?? { trouble: error.message };
      live.#problem = error.brief;
      live.#refused = error.message;
      return live;
    }
  }

  get current(): Config {
    return this.#current;
  }

  /** The file's absolute path; the file need not exist. */
  get path(): string {
    return this.#path;
  }

  /** One line that says why the current file is not in force; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  onChange(listener: (next: Config, previous: Config) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Starts watching the file; `close` stops it.
   * @param isLoggedElsewhere another process logs the same about this file for the same reader: here it is logged at
   * level debug
   */
  watch(logger: Logger, isLoggedElsewhere = false): void {
    this.#logger = logger;
    this.#isLoggedElsewhere = isLoggedElsewhere;
    this.#poll = setInterval(() => {
      this.#watchFolder();
      void this.#look();
      void this.#keep();
    }, this.#pace.pollMs);
    this.#poll.unref();
    if (this.#refused !== undefined) {
      const inForce = `the last good one, kept in ${this.#lastGood.path}, is in force`;
      this.#log("warn", `the configuration is not valid; ${inForce}: ${this.#refused}`);
    }
    void this.#warnOfReaders();
    void this.#keep();
    this.#watchFolder();
    void this.#look();
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
        if (name === null || name === basename(this.#path)) this.#settleAnew();
      });
      const end = () => {
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
      };
      watcher.on("error", end);
      this.#watcher = watcher;
    } catch {
      // No such folder, or no inotify watches left: polling continues, and tries again to watch.
    }
  }

  #settleAnew(): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      this.#settle = undefined;
      void this.#look(true);
    }, this.#pace.settleMs);
    this.#settle.unref();
  }

  /**
   * Reads the file. New content is processed only when the file has settled (`isSettled`), since it may be
   * half-written.
   */
  async #look(isSettled = false): Promise<void> {
    if (this.#isLooking) {
      this.#isSettledLookDue ||= isSettled;
      return;
    }
    this.#isLooking = true;
    const found = await this.#find();
    this.#isLooking = false;
    if (this.#logger === undefined) return;
    if (this.#isSettledLookDue) {
      this.#isSettledLookDue = false;
      return this.#look(true);
    }
    if (isDeepStrictEqual(found, this.#judged)) return;
    if (isSettled) this.#judge(found);
    else if (this.#settle === undefined) this.#settleAnew();
  }

  async #find(): Promise<Found> {
    try {
      return { text: await readConfigText(this.#surroundings) };
    } catch (error) {
      return { trouble: error instanceof ConfigError ? error.message : String(error) };
    }
  }

  #judge(found: Found): void {
    this.#judged = found;
    if ("trouble" in found) this.#refuse(found.trouble);
    else if (found.text !== undefined || !this.#isFromFile) this.#parse(found.text);
    else this.#refuse(`${this.#path} ${goneAdvice(this.#lastGood)}`);
  }

  #parse(text: string | undefined): void {
    try {
      this.#take(parseConfig(text ?? "{}", this.#path, this.#surroundings));
      this.#isFromFile = text !== undefined;
      this.#unkept = text;
      void this.#keep();
    } catch (error) {
      if (error instanceof ConfigError) this.#refuse(error.message, error.brief);
      else this.#refuse(String(error));
    }
  }

  #take(next: Config): void {
    const previous = this.#current;
    const hadProblem = this.#problem !== undefined;
    this.#problem = undefined;
    this.#refused = undefined;
    if (isDeepStrictEqual(next, previous)) {
      if (hadProblem) this.#log("info", "the configuration is valid again");
      return;
    }
    this.#current = next;
    this.#log("info", "the configuration has changed and is in force", { file: this.#path });
    const fixed = restartKeys(next, previous);
    if (fixed.length > 0) this.#log("warn", `restart to put these in force: ${fixed.join(", ")}`);
    for (const listener of this.#listeners) {
      try {
        listener(next, previous);
      } catch (error) {
        this.#logger?.error("a part could not take over the changed configuration: restart this service", { error });
      }
    }
  }

  #refuse(problem: string, brief = problem): void {
    if (this.#refused === problem) return;
    this.#refused = problem;
    this.#problem = brief;
    this.#log("warn", `the changed configuration is not valid; the old one stays in force: ${problem}`);
  }

  /** Stores the text as the last good one. Never rejects; after an error the next poll tries again. */
  async #keep(): Promise<void> {
    const text = this.#unkept;
    if (text === undefined) return;
    this.#unkept = undefined;
    try {
      await this.#lastGood.keep(text);
      this.#isUnkeptLogged = false;
    } catch (error) {
      this.#unkept ??= text;
      if (this.#isUnkeptLogged) return;
      this.#isUnkeptLogged = true;
      const todo = "let this user write there: otherwise nothing can start while the configuration is not valid";
      this.#log(
        "warn",
        `this configuration cannot be kept as the last good one (${(error as Error).message}): ${todo}`,
      );
    }
  }

  async #warnOfReaders(): Promise<void> {
    if (!("text" in this.#judged) || this.#judged.text === undefined) return;
    const trouble = await findOpenSecrets(this.#path, this.#judged.text);
    if (trouble !== undefined) this.#log("warn", trouble);
  }

  #log(level: "info" | "warn", message: string, meta: object = {}): void {
    this.#logger?.log(this.#isLoggedElsewhere ? "debug" : level, message, meta);
  }
}

function goneAdvice(lastGood: LastGoodConfig): string {
  return `is gone: put it back; to run without it, delete ${lastGood.path} as well and restart`;
}

/**
 * Parses the stored text with the environment. If that is not valid either, throws `wrong`: the file is what has to be
 * corrected.
 */
function parseKept(text: string, { path }: LastGoodConfig, surroundings: Surroundings, wrong: ConfigError): Config {
  try {
    return parseConfig(text, path, surroundings);
  } catch (error) {
    throw error instanceof ConfigError ? wrong : error;
  }
}
