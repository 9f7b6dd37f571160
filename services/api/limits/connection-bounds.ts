import type { Socket } from "node:net";
import type { Problem } from "../http/problem.ts";
import type { ClientPlaces } from "./client-places.ts";

export interface ConnectionBoundsParts {
  places: ClientPlaces;
  /** Which client is at a connection's other end; undefined for a trusted proxy, which stands for any number of them. */
  client: (socket: Socket) => string | undefined;
  /** A client that sends no request for so long on a connection that is refused is hung up on; 2 s unless told. */
  refusedForMs?: number;
}

/** Connections beyond the bound that one client may have, to be told so. */
const MOST_REFUSED = 16;
const REFUSED_FOR_MS = 2000;

/** Bounds the connections of each client and of all, whatever is done with them: a slow request holds one as well. */
export class ConnectionBounds {
  readonly #parts: ConnectionBoundsParts;
  readonly #refusals = new WeakMap<Socket, Problem>();
  readonly #refused = new Map<string, number>();

  constructor(parts: ConnectionBoundsParts) {
    this.#parts = parts;
  }

  /** To be called with each connection that comes, before its first request is read. */
  admit(socket: Socket): void {
    const client = this.#parts.client(socket);
    if (client === undefined) return;
    try {
      socket.once("close", this.#parts.places.take(client));
    } catch (error) {
      this.#refuse(socket, client, error as Problem);
    }
  }

  /** What the requests of a connection are to be answered with, instead of what they ask for. */
  refusal(socket: Socket): Problem | undefined {
    return this.#refusals.get(socket);
  }

  #refuse(socket: Socket, client: string, problem: Problem): void {
    const refused = this.#refused.get(client) ?? 0;
    if (refused >= MOST_REFUSED) {
      socket.destroy();
      return;
    }
    this.#refused.set(client, refused + 1);
    this.#refusals.set(socket, problem);
    const limit = setTimeout(() => socket.destroy(), this.#parts.refusedForMs ?? REFUSED_FOR_MS);
    socket.once("close", () => {
      clearTimeout(limit);
      const left = (this.#refused.get(client) ?? 1) - 1;
      if (left === 0) this.#refused.delete(client);
      else this.#refused.set(client, left);
    });
  }
}
