import type { WebSocket } from "ws";

/** More than this waits to be sent only for a viewer whose network or browser does not keep up. */
const MOST_WAITING_BYTES = 2 * 1024 * 1024;
/** Such a viewer goes on at an entry point once no more than this is left. */
const RESUME_BYTES = 256 * 1024;

export type Message = string | Buffer;

interface Viewer {
  /** Which preamble it was sent; 0: none. */
  preamble: number;
  /** What comes is left out, up to the next point at which a decoder can begin. */
  isWaiting: boolean;
}

/**
 * The viewers of one stream. Each holds a bounded amount of memory: who does not keep up is left out of what comes, and
 * goes on at the next point at which a decoder can begin.
 */
export class Audience {
  readonly #viewers = new Map<WebSocket, Viewer>();
  #preamble: readonly Message[] = [];
  #preambleNumber = 0;

  get size(): number {
    return this.#viewers.size;
  }

  get sockets(): Iterable<WebSocket> {
    return this.#viewers.keys();
  }

  /** What must go before the next entry point, and before the one at which a later viewer begins. */
  setPreamble(messages: readonly Message[]): void {
    this.#preamble = messages;
    this.#preambleNumber++;
  }

  /** A viewer who begins with `past`, whose first is an entry point, or when it is empty with the next entry point. */
  add(socket: WebSocket, past: readonly Buffer[]): void {
    const viewer: Viewer = { preamble: 0, isWaiting: past.length === 0 };
    this.#viewers.set(socket, viewer);
    if (past.length === 0) return;
    this.#sendPreamble(socket, viewer);
    for (const bytes of past) socket.send(bytes);
  }

  delete(socket: WebSocket): void {
    this.#viewers.delete(socket);
  }

  /** Sends to all who keep up. At an entry point a decoder can begin. */
  send(bytes: Buffer, isEntry: boolean): void {
    for (const [socket, viewer] of this.#viewers) {
      if (viewer.isWaiting && isEntry && socket.bufferedAmount <= RESUME_BYTES) viewer.isWaiting = false;
      else if (!viewer.isWaiting && socket.bufferedAmount > MOST_WAITING_BYTES) viewer.isWaiting = true;
      if (viewer.isWaiting) continue;
      if (isEntry && viewer.preamble !== this.#preambleNumber) this.#sendPreamble(socket, viewer);
      socket.send(bytes);
    }
  }

  /** Hangs up on all, with a code and a reason of RFC 6455 §7.4. */
  close(code: number, reason: string): void {
    for (const socket of this.#viewers.keys()) socket.close(code, reason);
    this.#viewers.clear();
  }

  #sendPreamble(socket: WebSocket, viewer: Viewer): void {
    viewer.preamble = this.#preambleNumber;
    for (const message of this.#preamble) socket.send(message);
  }
}
