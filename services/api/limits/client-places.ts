import { Problem, tooManyOfClient } from "../http/problem.ts";

export interface PlaceLimits {
  /** What takes the places, as a sentence names them: "event streams". */
  what: string;
  perClient: number;
  inAll: number;
}

/** Bounds how many places are taken, by each client and in all: one client alone cannot keep the others out. */
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
   * Takes a place; returns what gives it back, which may be called more than once. Throws Problem 429 when the client has
   * as many as it may, 503 when all are taken.
   *
   * @param client as `clientAddress` names it
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
