import { Problem, tooManyOfClient } from "../http/problem.ts";

export interface TurnLimits {
  /** What waits for its turn, plural, for messages: "ranges". */
  what: string;
  /** Maximum number of turns at once, per client and in all. */
  perClient: number;
  inAll: number;
  /** Maximum number that wait in line, per client and in all. */
  waitingPerClient: number;
  waitingInAll: number;
}

interface Waiter {
  client: string;
  begin: () => void;
}

/**
 * Limits how many tasks run at once; further ones wait in line. The next to run is the first one of the client that
 * has the fewest turns, so that a client with many tasks does not hold up the others.
 */
export class Turns {
  readonly #limits: TurnLimits;
  /** How many turns each client has. */
  readonly #held = new Map<string, number>();
  #heldInAll = 0;
  readonly #line: Waiter[] = [];

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Whether a task waits that could run if one of this client's turns ended. */
  isWanted(client: string): boolean {
    return this.#line.some((waiter) => waiter.client === client || this.#mayHaveMore(waiter.client));
  }

  /**
   * Waits for a turn; returns the function that ends it, which may be called more than once. Throws Problem 429 when
   * too many tasks of the client wait, 503 when too many wait in all, and the reason of `signal` when it is aborted
   * before the turn.
   *
   * @param client as `clientAddress` returns it
   */
  async take(client: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#heldInAll < this.#limits.inAll && this.#mayHaveMore(client)) this.#begin(client);
    else await this.#wait(client, signal);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#end(client);
    };
  }

  #wait(client: string, signal: AbortSignal | undefined): Promise<void> {
    const { what, waitingPerClient, waitingInAll } = this.#limits;
    const waiting = this.#line.filter((waiter) => waiter.client === client).length;
    if (waiting >= waitingPerClient) throw tooManyOfClient(`${what} waiting`, waitingPerClient);
    if (this.#line.length >= waitingInAll) {
      throw new Problem("unavailable", 503, `${waitingInAll} ${what} are waiting already.`, { "Retry-After": "5" });
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        client,
        begin: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#line.push(waiter);
    });
  }

  #mayHaveMore(client: string): boolean {
    return (this.#held.get(client) ?? 0) < this.#limits.perClient;
  }

  #begin(client: string): void {
    this.#heldInAll++;
    this.#held.set(client, (this.#held.get(client) ?? 0) + 1);
  }

  #end(client: string): void {
    this.#heldInAll--;
    const left = (this.#held.get(client) ?? 1) - 1;
    if (left === 0) this.#held.delete(client);
    else this.#held.set(client, left);
    const next = this.#next();
    if (next === undefined) return;
    this.#line.splice(this.#line.indexOf(next), 1);
    this.#begin(next.client);
    next.begin();
  }

  #next(): Waiter | undefined {
    let next: Waiter | undefined;
    for (const waiter of this.#line) {
      if (!this.#mayHaveMore(waiter.client)) continue;
      const turns = this.#held.get(waiter.client) ?? 0;
      if (next === undefined || turns < (this.#held.get(next.client) ?? 0)) next = waiter;
    }
    return next;
  }
}
