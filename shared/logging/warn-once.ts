import type { Logger } from "./logger.ts";

/** So many different texts of the outside are told; a flood of others is not for the log. */
const MOST = 10;

/** Warns of what outsiders can bring about: once for each key, and of a few keys only. */
export class WarnOnce {
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  warn(key: string, message: string): void {
    if (this.#told.size >= MOST || this.#told.has(key)) return;
    this.#told.add(key);
    this.#logger.warn(this.#told.size < MOST ? message : `${message}. Further ones are not told`);
  }
}
