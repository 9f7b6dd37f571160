/** What a look is for: everything, or the free space alone. */
export type Scope = "all" | "space";

/**
 * Lets one look happen at a time. A look at the free space goes first: it may interrupt one at everything, which measures
 * hundreds of folders and may take minutes, and which then is begun anew.
 */
export class LookQueue {
  readonly #look: (scope: Scope) => Promise<void>;
  readonly #wanted = new Set<Scope>();
  #current: Scope | undefined;
  #isInterrupted = false;
  #isStopped = false;
  #working: Promise<void> | undefined;

  /** @param look is never called twice at once; it must not reject, and ends early when `isInterrupted` says so */
  constructor(look: (scope: Scope) => Promise<void>) {
    this.#look = look;
  }

  /** Whether the look that is under way is to end, as a more urgent one waits or all is to stop. */
  get isInterrupted(): boolean {
    return this.#isInterrupted || this.#isStopped;
  }

  /** Whether the look that is under way is of this kind. */
  isAt(scope: Scope): boolean {
    return this.#current === scope;
  }

  /** Asks for a look; one that waits already will do. With `isUrgent` a look at everything is interrupted. */
  ask(scope: Scope, isUrgent = false): void {
    if (this.#isStopped) return;
    this.#wanted.add(scope);
    if (isUrgent && scope === "space" && this.#current === "all") this.#isInterrupted = true;
    this.#working ??= this.#work();
  }

  /** Ends what is under way, and takes nothing more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // what is asked for together is sorted first
    while (this.#wanted.size > 0 && !this.#isStopped) {
      const scope = this.#wanted.has("space") ? "space" : "all";
      this.#wanted.delete(scope);
      this.#current = scope;
      await this.#look(scope);
      this.#current = undefined;
      if (this.#isInterrupted) this.#wanted.add("all");
      this.#isInterrupted = false;
    }
    this.#working = undefined;
  }
}
