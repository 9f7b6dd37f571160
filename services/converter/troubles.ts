import type { Logger } from "../../shared/logging/logger.ts";

/** What is wrong with the machine, by place: logged once when it begins, and once when it ends. */
export class Troubles {
  readonly #logger: Logger;
  readonly #byPlace = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(place: string, problem: string): void {
    if (this.#byPlace.get(place) === problem) return;
    this.#byPlace.set(place, problem);
    this.#logger.error(`${place}: ${problem}`);
  }

  clear(place: string): void {
    if (this.#byPlace.delete(place)) this.#logger.info(`${place}: works again`);
  }

  list(): string[] {
    return [...this.#byPlace].map(([place, problem]) => `${place}: ${problem}`);
  }
}
