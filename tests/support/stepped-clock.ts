import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where Debian's package faketime installs its library. */
const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (arch) => `/usr/lib/${arch}/faketime/libfaketimeMT.so.1`,
);

function findLibrary(): string {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) throw new Error("libfaketime is missing: apt-get install faketime");
  return library;
}

/**
 * Environment variables that set a process's wall clock ahead or behind by whole seconds. The offset is fixed, so
 * libfaketime reads no file for it while the process runs. Throws when libfaketime is not installed.
 */
export function clockAhead(seconds: number): Record<string, string> {
  return {
    LD_PRELOAD: findLibrary(),
    FAKETIME: `${seconds < 0 ? "" : "+"}${seconds}`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

/** By how many seconds a clock must be ahead or behind to be at about the given second of a minute now. */
export function secondsTo(second: number): number {
  return second - Math.floor((Date.now() % 60_000) / 1000);
}

/**
 * A wall clock that a test can step while processes run, by libfaketime. Their monotonic clock is not affected, as on a
 * host whose clock is set.
 */
export class SteppedClock {
  readonly environment: Record<string, string>;
  readonly #file: string;
  #offsetS = 0;

  private constructor(file: string, library: string) {
    this.#file = file;
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Throws when libfaketime is not installed. */
  static async create(folder: string): Promise<SteppedClock> {
    const clock = new SteppedClock(join(folder, "faketime"), findLibrary());
    await clock.setOffset(0);
    return clock;
  }

  /** From now on sets the processes' wall clock ahead of the true time by `seconds`. */
  async setOffset(seconds: number): Promise<void> {
    this.#offsetS = seconds;
    await writeFile(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    await rename(`${this.#file}.new`, this.#file);
  }

  /** Sets it to the given second of a minute now, so that a test's actions happen at the right time of that minute. */
  async setSecondOfMinute(second: number): Promise<void> {
    await this.setOffset(second - (Date.now() % 60_000) / 1000);
  }

  get offsetS(): number {
    return this.#offsetS;
  }

  /** The time of the processes' wall clock, ms since the Unix epoch. */
  nowMs(): number {
    return Date.now() + this.#offsetS * 1000;
  }
}
