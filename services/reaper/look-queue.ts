/** What is checked: everything, or the free space alone. */
export type Scope = "all" | "space";

/**
 * Runs one check at a time. A check of the free space goes first: it may interrupt a check of everything, which
 * measures hundreds of folders and may take minutes, and which is restarted afterwards.
 */
export class LookQueue {
  readonly #look: (scope: Scope) => Promise<void>;
  readonly #wanted = new Set<Scope>();
  #current: Scope | undefined;
  #isInterrupted = false;
  #isStopped = false;
  #working: Promise<void> | undefined;

  /** @param look never runs twice at once; must not reject, and must end early when `isInterrupted` is true */
  constructor(look: (scope: Scope) => Promise<void>) {
    this.#look = look;
  }

  /** Whether the running check is to end, because a more urgent one waits or the queue is stopping. */
  get isInterrupted(): boolean {
    return this.#isInterrupted || this.#isStopped;
  }

  /** Whether the running check has this scope. */
  isAt(scope: Scope): boolean {
    return this.#current === scope;
  }

  /**
   * Requests a check, unless one with this scope is already waiting. With `isUrgent` a check of everything is
   * interrupted.
   */
  ask(scope: Scope, isUrgent = false): void {
    if (this.#isStopped) return;
    this.#wanted.add(scope);
    if (isUrgent && scope === "space" && this.#current === "all") this.#isInterrupted = true;
    this.#working ??= this.#work();
  }

  /** Ends the running check and starts no other. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // requests made in the same turn of the event loop are ordered first
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
