import type { Logger } from "./logger.ts";

/** Maximum number of different messages, so that outsiders cannot flood the log. */
const MAX_WARNINGS = 10;

/** Logs warnings about things that outsiders can cause: once for each key, and only for a few keys. */
export class WarnOnce {
  readonly #logger: Logger;
  readonly #warned = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  warn(key: string, message: string): void {
    if (this.#warned.size >= MAX_WARNINGS || this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#logger.warn(this.#warned.size < MAX_WARNINGS ? message : `${message}. Further ones are not told`);
  }
}
