import { Problem, tooManyOfClient } from "../http/problem.ts";

export interface PlaceLimits {
  /** What takes the places, plural, for messages: "event streams". */
  what: string;
  perClient: number;
  inAll: number;
}

/** Limits the places taken, per client and in all, so that one client alone cannot keep the others out. */
export class ClientPlaces {
  readonly #limits: PlaceLimits;
  readonly #taken = new Map<string, number>();
  #takenInAll = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#takenInAll;
  }

  /**
   * Takes a place; returns the function that gives it back, which may be called more than once. Throws Problem 429
   * when the client has reached its limit, 503 when all places are taken.
   *
   * @param client as `clientAddress` returns it
   */
  take(client: string): () => void {
    const { what, perClient, inAll } = this.#limits;
    const taken = this.#taken.get(client) ?? 0;
    if (taken >= perClient) throw tooManyOfClient(what, perClient);
    if (this.#takenInAll >= inAll) {
      throw new Problem("unavailable", 503, `There are ${inAll} ${what} already.`, { "Retry-After": "5" });
    }
    this.#taken.set(client, taken + 1);
    this.#takenInAll++;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#takenInAll--;
      const left = (this.#taken.get(client) ?? 1) - 1;
      if (left === 0) this.#taken.delete(client);
      else this.#taken.set(client, left);
    };
  }
}
