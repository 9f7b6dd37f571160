/** The parts of a file's state that change when somebody writes to it. */
export interface FileState {
  ino: number;
  size: number;
  mtimeMs: number;
}

interface Sighting extends FileState {
  sinceMs: number;
  seenMs: number;
}

/**
 * Measures how long a file has not changed, by watching it with the monotonic clock. Its modification time alone is not
 * enough: when the wall clock is stepped forward by an hour, a chunk that is being written looks an hour old.
 */
export class IdleWatch {
  readonly #sightings = new Map<string, Sighting>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /**
   * Milliseconds since this watch first saw the file in its current state; 0 when it has changed since the last call.
   */
  unchangedMs(path: string, { ino, size, mtimeMs }: FileState): number {
    const nowMs = this.#nowMs();
    const before = this.#sightings.get(path);
    if (before !== undefined && before.ino === ino && before.size === size && before.mtimeMs === mtimeMs) {
      before.seenMs = nowMs;
      return nowMs - before.sinceMs;
    }
    this.#sightings.set(path, { ino, size, mtimeMs, sinceMs: nowMs, seenMs: nowMs });
    return 0;
  }

  /** Forgets files that were not checked for `olderThanMs`. */
  forget(olderThanMs: number): void {
    const limitMs = this.#nowMs() - olderThanMs;
    for (const [path, { seenMs }] of this.#sightings) {
      if (seenMs < limitMs) this.#sightings.delete(path);
    }
  }
}
