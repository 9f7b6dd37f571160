/**
 * What can be wrong at once: an operation failed and is tried again; frames are dropped; an operation takes very long; what
 * was written may not be on the disk. The first of them that is so is told.
 */
const KINDS = ["failed", "dropping", "silent", "unsafe"] as const;
type Kind = (typeof KINDS)[number];

/** Keeps what is wrong with a camera's disk, and tells it whenever it is found again or ends. */
export class DiskTrouble {
  readonly #errors = new Map<Kind, Error>();
  readonly #told: (error: Error | undefined) => void;

  /** @param told is given what is wrong, and undefined when nothing is any more */
  constructor(told: (error: Error | undefined) => void) {
    this.#told = told;
  }

  get isAny(): boolean {
    return this.#errors.size > 0;
  }

  has(kind: Kind): boolean {
    return this.#errors.has(kind);
  }

  /** Something is wrong, still or again; or, with undefined, it is in order. */
  tell(kind: Kind, error: Error | undefined): void {
    if (error !== undefined) this.#errors.set(kind, error);
    else if (!this.#errors.delete(kind)) return;
    const worst = KINDS.find((each) => this.#errors.has(each));
    this.#told(worst === undefined ? undefined : this.#errors.get(worst));
  }

  /** Lets go of something that another error says better. */
  forget(kind: Kind): void {
    this.#errors.delete(kind);
  }
}

/** A sync failed: what was written since the last good one may be lost, and nobody will know before it is read. */
export class UnsafeError extends Error {
  override name = "UnsafeError";

  constructor(cause: Error, syncIntervalMs: number) {
    const seconds = Math.ceil(syncIntervalMs / 1000);
    super(`what was written in the last ${seconds} s may be lost (${cause.message})`, { cause });
  }
}
