/**
 * What can be wrong at the same time: an operation failed and is retried; frames are dropped; an operation takes very
 * long; what was written may not be on the disk. The first that applies is reported.
 */
const KINDS = ["failed", "dropping", "silent", "unsafe"] as const;
type Kind = (typeof KINDS)[number];

/** Keeps what is wrong with a camera's disk, and reports it each time it occurs again or ends. */
export class DiskTrouble {
  readonly #errors = new Map<Kind, Error>();
  readonly #told: (error: Error | undefined) => void;

  /** @param told is called with what is wrong, and with undefined when nothing is any longer */
  constructor(told: (error: Error | undefined) => void) {
    this.#told = told;
  }

  get isAny(): boolean {
    return this.#errors.size > 0;
  }

  has(kind: Kind): boolean {
    return this.#errors.has(kind);
  }

  /** Something is wrong, still or again; undefined means that it no longer is. */
  tell(kind: Kind, error: Error | undefined): void {
    if (error !== undefined) this.#errors.set(kind, error);
    else if (!this.#errors.delete(kind)) return;
    const worst = KINDS.find((each) => this.#errors.has(each));
    this.#told(worst === undefined ? undefined : this.#errors.get(worst));
  }

  /** Drops a problem that a more specific error replaces. */
  forget(kind: Kind): void {
    this.#errors.delete(kind);
  }
}

/** A sync failed: what was written since the last successful one may be lost, which only reading it will show. */
export class UnsafeError extends Error {
  override name = "UnsafeError";

  constructor(cause: Error, syncIntervalMs: number) {
    const seconds = Math.ceil(syncIntervalMs / 1000);
    super(`what was written in the last ${seconds} s may be lost (${cause.message})`, { cause });
  }
}
