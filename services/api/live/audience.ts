import type { WebSocket } from "ws";

/** A viewer for whom more than this waits to be sent is skipped: its network or browser does not keep up. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024;
/** Such a viewer continues at an entry point once no more than this waits. */
const RESUME_BYTES = 256 * 1024;

export type Message = string | Buffer;

interface Viewer {
  /** The number of the preamble that it was sent last; 0: none. */
  preamble: number;
  /** Data is skipped until an entry point. */
  isWaiting: boolean;
}

/**
 * The viewers of one stream. Each takes a bounded amount of memory: a viewer that does not keep up is skipped, and
 * continues at a later entry point, that is, where a decoder can begin.
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

  /** Sets the messages that precede the next entry point, and the first one of every later viewer. */
  setPreamble(messages: readonly Message[]): void {
    this.#preamble = messages;
    this.#preambleNumber++;
  }

  /**
   * Adds a viewer. It begins with `past`, which starts with an entry point, or if that is empty at the next entry
   * point.
   */
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

  /** Sends to all viewers that keep up. `isEntry`: a decoder can begin with these bytes. */
  send(bytes: Buffer, isEntry: boolean): void {
    for (const [socket, viewer] of this.#viewers) {
      if (viewer.isWaiting && isEntry && socket.bufferedAmount <= RESUME_BYTES) viewer.isWaiting = false;
      else if (!viewer.isWaiting && socket.bufferedAmount > MAX_WAITING_BYTES) viewer.isWaiting = true;
      if (viewer.isWaiting) continue;
      if (isEntry && viewer.preamble !== this.#preambleNumber) this.#sendPreamble(socket, viewer);
      socket.send(bytes);
    }
  }

  /** Closes all connections, with a code and a reason (RFC 6455 §7.4). */
  close(code: number, reason: string): void {
    for (const socket of this.#viewers.keys()) socket.close(code, reason);
    this.#viewers.clear();
  }

  #sendPreamble(socket: WebSocket, viewer: Viewer): void {
    viewer.preamble = this.#preambleNumber;
    for (const message of this.#preamble) socket.send(message);
  }
}
