import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where Debian's package faketime puts its library. */
const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (arch) => `/usr/lib/${arch}/faketime/libfaketimeMT.so.1`,
);

function findLibrary(): string {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) throw new Error("libfaketime is missing: apt-get install faketime");
  return library;
}

/**
 * An environment in which processes' wall clock is ahead or behind by whole seconds; nothing has to be read for it while they
 * run. Throws when libfaketime is not installed.
 */
export function clockAhead(seconds: number): Record<string, string> {
  return {
    LD_PRELOAD: findLibrary(),
    FAKETIME: `${seconds < 0 ? "" : "+"}${seconds}`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

/** How many seconds a clock has to be ahead or behind to show about the given second of a minute now. */
export function secondsTo(second: number): number {
  return second - Math.floor((Date.now() % 60_000) / 1000);
}

/**
 * A wall clock that a test steps under running processes, by libfaketime. Their monotonic clock goes on undisturbed, as it
 * does on a host whose clock is set.
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

  /** Lets the processes' wall clock show so many seconds more than the true time, from now on. */
  async setOffset(seconds: number): Promise<void> {
    this.#offsetS = seconds;
    await writeFile(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    await rename(`${this.#file}.new`, this.#file);
  }

  /** Lets it show the given second of a minute now, so that what a test does lies where it should in that minute. */
  async setSecondOfMinute(second: number): Promise<void> {
    await this.setOffset(second - (Date.now() % 60_000) / 1000);
  }

  get offsetS(): number {
    return this.#offsetS;
  }

  /** What the processes' wall clock shows, ms since the Unix epoch. */
  nowMs(): number {
    return Date.now() + this.#offsetS * 1000;
  }
}
