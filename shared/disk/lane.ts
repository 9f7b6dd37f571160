/** Runs operations in the order in which they come, no more than `width` at a time. */
export class Lane {
  readonly #width: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** Runs an operation when its turn has come; resolves and rejects as it does. */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#running < this.#width) this.#running++;
    else await new Promise<void>((begin) => this.#waiting.push(begin));
    try {
      return await operation();
    } finally {
      const next = this.#waiting.shift(); // takes over the place
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
