import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where Debian's package faketime puts its library. */
const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (arch) => `/usr/lib/${arch}/faketime/libfaketimeMT.so.1`,
);

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
    const library = LIBRARIES.find((path) => existsSync(path));
    if (library === undefined) throw new Error("libfaketime is missing: apt-get install faketime");
    const clock = new SteppedClock(join(folder, "faketime"), library);
    await clock.setOffset(0);
    return clock;
  }

  /** Lets the processes' wall clock show so many seconds more than the true time, from now on. */
  async setOffset(seconds: number): Promise<void> {
    this.#offsetS = seconds;
    await writeFile(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    await rename(`${this.#file}.new`, this.#file);
  }

  /** What the processes' wall clock shows, ms since the Unix epoch. */
  nowMs(): number {
    return Date.now() + this.#offsetS * 1000;
  }
}
