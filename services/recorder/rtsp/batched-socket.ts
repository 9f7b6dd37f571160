import { lookup as lookUp } from "node:dns";
import { connect, type LookupFunction, type Socket } from "node:net";
import { type Destination, inOrder, triedAddress } from "./destination.ts";
import { connectTls, judgeCertificate, type TlsTrust } from "./tls-socket.ts";

/** The callbacks of a socket's owner. */
export interface SocketHandler {
  /** The first `length` bytes of `bytes` came in; they are overwritten after the call. */
  data(bytes: Buffer, length: number): void;
  /** Everything from one read has been passed to `data`. */
  batchEnd(): void;
  /** The connection is over; `error` is the reason, unless it was closed cleanly. */
  closed(error: Error | undefined): void;
}

const SHARED_BUFFER_BYTES = 1024 * 1024;
/**
 * After a larger batch the socket is read more often: the kernel's receive window might be full before the next read.
 */
const BATCH_TARGET_BYTES = 256 * 1024;
const FIRST_INTERVAL_MS = 10;
/**
 * Intervals are shortened at random by up to this fraction. With a constant 250 ms the newest frame of each batch of a
 * camera with 20 frames a second would always be equally old, and the clock that is steered by it off by as much.
 */
const DITHER = 0.3;
/** More than this is unsent only when the server has stopped reading. */
const MAX_UNSENT_BYTES = 64 * 1024;

/**
 * Reads the sockets of all cameras in batches. A recorder's CPU is spent on waking up for every packet, not on the
 * bytes: so each socket is paused after a read, and one timer resumes all that are due; a read then returns everything
 * that has come since. All share one buffer. The measurements are in docs/design/reading-in-batches.md.
 */
export class BatchedSockets {
  readonly #maxIntervalMs: number;
  readonly #lookUp: LookupFunction;
  readonly #buffer = Buffer.allocUnsafe(SHARED_BUFFER_BYTES);
  readonly #paused = new Set<BatchedSocket>();
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #commonDueMs = 0;

  /**
   * @param maxIntervalMs the longest time between two reads of a socket
   * @param lookup resolves host names
   */
  constructor(maxIntervalMs: number, lookup: LookupFunction = lookUp as LookupFunction) {
    this.#maxIntervalMs = maxIntervalMs;
    this.#lookUp = lookup;
  }

  /** Connects to a server, by TLS when `trust` is given; events go to `handler`. */
  connect(destination: Destination, handler: SocketHandler, trust?: TlsTrust): BatchedSocket {
    const { preferredAddress } = destination;
    const lookup = preferredAddress === undefined ? this.#lookUp : inOrder(this.#lookUp, preferredAddress);
    return new BatchedSocket({ ...destination, lookup }, handler, this, this.#buffer, trust);
  }

  /** The next interval of a socket that returned `bytes` after `intervalMs`. */
  nextIntervalMs(intervalMs: number, bytes: number): number {
    const next = bytes > BATCH_TARGET_BYTES ? intervalMs / 2 : intervalMs * 2;
    return Math.min(this.#maxIntervalMs, Math.max(FIRST_INTERVAL_MS, next));
  }

  /** Resumes a socket after its interval; sockets with the longest interval are resumed together. */
  resumeLater(socket: BatchedSocket, intervalMs: number): void {
    const now = performance.now();
    if (intervalMs < this.#maxIntervalMs) {
      socket.dueMs = now + intervalMs;
    } else {
      if (this.#commonDueMs <= now) this.#commonDueMs = now + this.#maxIntervalMs * (1 - DITHER * Math.random());
      socket.dueMs = this.#commonDueMs;
    }
    this.#paused.add(socket);
    this.#arm(socket.dueMs, now);
  }

  forget(socket: BatchedSocket): void {
    this.#paused.delete(socket);
  }

  #arm(dueMs: number, now: number): void {
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => this.#resumeDue(), Math.max(1, dueMs - now));
  }

  #resumeDue(): void {
    const now = performance.now();
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const socket of this.#paused) {
      if (socket.dueMs <= now + 1) {
        this.#paused.delete(socket);
        socket.resume();
      } else {
        next = Math.min(next, socket.dueMs);
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next, now);
  }
}

/** One TCP or TLS connection, read at once until `readInBatches` is called, then in batches. */
export class BatchedSocket {
  /** When the socket is resumed, by performance.now(). */
  dueMs = 0;
  readonly #sockets: BatchedSockets;
  readonly #handler: SocketHandler;
  readonly #socket: Socket;
  #intervalMs = 0;
  #error: Error | undefined;
  /** Text to send once the camera's certificate has been verified; undefined after that, and without TLS. */
  #unsent: string | undefined;
  /** Ends the current batch of TLS records. */
  #batchEnd: NodeJS.Immediate | undefined;
  #batchBytes = 0;
  readonly #tried: string[] = [];

  constructor(
    { host, port, lookup, attemptTimeoutMs }: Destination & { lookup: LookupFunction },
    handler: SocketHandler,
    sockets: BatchedSockets,
    buffer: Buffer,
    trust: TlsTrust | undefined,
  ) {
    this.#sockets = sockets;
    this.#handler = handler;
    const to = {
      host,
      port,
      lookup,
      ...(attemptTimeoutMs !== undefined && { autoSelectFamilyAttemptTimeout: attemptTimeoutMs }),
    };
    if (trust === undefined) {
      const callback = (length: number) => {
        handler.data(buffer, length);
        handler.batchEnd();
        return length === buffer.length || this.#goOnReading(length);
      };
      this.#socket = connect({ ...to, noDelay: true, onread: { buffer, callback } });
    } else {
      this.#unsent = "";
      const callback = (length: number) => {
        if (this.#unsent === undefined) this.#record(buffer, length);
        return true;
      };
      const socket = connectTls(to, trust, { buffer, callback });
      socket.on("secureConnect", () => this.#send(judgeCertificate(socket, trust)));
      this.#socket = socket;
    }
    this.#socket.on("connectionAttempt", (ip, at) => this.#tried.push(triedAddress(ip, at)));
    this.#socket.on("error", (error) => {
      this.#error ??= error;
    });
    this.#socket.on("end", () => this.#socket.destroy());
    this.#socket.on("close", () => {
      sockets.forget(this);
      this.#endBatch();
      handler.closed(this.#error);
    });
  }

  /** From now on reads in batches, at intervals that grow no faster than the kernel's receive window. */
  readInBatches(): void {
    if (this.#intervalMs === 0) this.#intervalMs = FIRST_INTERVAL_MS;
  }

  /** From now on, until `readInBatches`, reads everything as it comes. */
  readAtOnce(): void {
    if (this.#intervalMs === 0) return;
    this.#intervalMs = 0;
    this.#sockets.forget(this);
    this.resume();
  }

  /** Sends text; closes the connection to a server that does not read. */
  write(text: string): void {
    if (this.#socket.destroyed) return;
    if (this.#unsent !== undefined) this.#unsent += text;
    else if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.destroy(new Error("the server does not read"));
    else this.#socket.write(text);
  }

  /** Sends bytes that may be dropped: nothing is sent to a server that does not read or is not yet trusted. */
  writeIfIdle(bytes: Buffer): void {
    if (this.#socket.destroyed || this.#unsent !== undefined || this.#socket.writableLength > 0) return;
    this.#socket.write(bytes);
  }

  /** The addresses tried so far; undefined once one has answered. */
  get triedAddresses(): readonly string[] | undefined {
    return this.#socket.connecting ? this.#tried : undefined;
  }

  /** The address of the server; undefined when there is no connection. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  /** Closes the connection at once; `handler.closed` follows, with `error` when one is given. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** Sends the waiting text if the certificate is trusted: nobody else may receive a password. */
  #send(distrust: Error | undefined): void {
    if (distrust !== undefined) {
      this.destroy(distrust);
      return;
    }
    const text = this.#unsent as string;
    this.#unsent = undefined;
    if (text !== "") this.#socket.write(text);
  }

  /**
   * Takes a TLS record. A read returns several, each in a call of its own, and pausing at the first would leave the
   * rest in the kernel; so the socket is paused when Node has passed on all of them.
   */
  #record(buffer: Buffer, length: number): void {
    this.#handler.data(buffer, length);
    this.#batchBytes += length;
    this.#batchEnd ??= setImmediate(() => {
      const bytes = this.#batchBytes;
      this.#endBatch();
      if (!this.#goOnReading(bytes)) this.#socket.pause();
    });
  }

  #endBatch(): void {
    if (this.#batchEnd === undefined) return;
    clearImmediate(this.#batchEnd);
    this.#batchEnd = undefined;
    this.#batchBytes = 0;
    this.#handler.batchEnd();
  }

  /**
   * Returns whether to go on reading at once; otherwise the socket is to be paused and is resumed after its interval.
   */
  #goOnReading(length: number): boolean {
    if (this.#intervalMs === 0 || this.#socket.destroyed) return true;
    this.#sockets.resumeLater(this, this.#intervalMs);
    this.#intervalMs = this.#sockets.nextIntervalMs(this.#intervalMs, length);
    return false;
  }
}
