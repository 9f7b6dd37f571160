import type { Socket } from "node:net";
import type { Problem } from "../http/problem.ts";
import type { ClientPlaces } from "./client-places.ts";

export interface ConnectionBoundsParts {
  places: ClientPlaces;
  /** The client of a connection; undefined for a trusted proxy, which may have any number of clients. */
  client: (socket: Socket) => string | undefined;
  /** How long a refused connection stays open for a request, which gets the reason; 2 s unless given. */
  refusedForMs?: number;
}

/** Maximum number of refused connections of a client that stay open to be answered; further ones are closed at once. */
const MAX_REFUSED = 16;
const REFUSED_FOR_MS = 2000;

/** Limits the connections, per client and in all, whatever they are used for: a slow request occupies one as well. */
export class ConnectionBounds {
  readonly #parts: ConnectionBoundsParts;
  readonly #refusals = new WeakMap<Socket, Problem>();
  readonly #refused = new Map<string, number>();

  constructor(parts: ConnectionBoundsParts) {
    this.#parts = parts;
  }

  /** Must be called with each new connection, before its first request is read. */
  admit(socket: Socket): void {
    const client = this.#parts.client(socket);
    if (client === undefined) return;
    try {
      socket.once("close", this.#parts.places.take(client));
    } catch (error) {
      this.#refuse(socket, client, error as Problem);
    }
  }

  /** The answer to all requests of a refused connection; undefined when it is not refused. */
  refusal(socket: Socket): Problem | undefined {
    return this.#refusals.get(socket);
  }

  #refuse(socket: Socket, client: string, problem: Problem): void {
    const refused = this.#refused.get(client) ?? 0;
    if (refused >= MAX_REFUSED) {
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
