import { lookup as lookUp } from "node:dns";
import { connect, type LookupFunction, type Socket } from "node:net";
import { type Destination, inOrder, triedAddress } from "./destination.ts";
import { connectTls, judgeCertificate, type TlsTrust } from "./tls-socket.ts";

/** What the owner of a socket is told. */
export interface SocketHandler {
  /** The first `length` bytes of `bytes` came in; they are overwritten after the call. */
  data(bytes: Buffer, length: number): void;
  /** All that one read brought has been given to `data`. */
  batchEnd(): void;
  /** The connection is over; `error` tells why when it was not closed in good order. */
  closed(error: Error | undefined): void;
}

const SHARED_BUFFER_BYTES = 1024 * 1024;
/** A batch larger than this means that the kernel's receive window may run full before the next: read more often. */
const BATCH_TARGET_BYTES = 256 * 1024;
const FIRST_INTERVAL_MS = 10;
/**
 * Intervals are shortened at random by up to this part. At a steady 250 ms the newest frame of every batch of a camera
 * with 20 frames a second would be equally old, and the clock that is steered by it wrong by as much.
 */
const DITHER = 0.3;
/** More than this waits to be sent only when the other side has stopped to read. */
const MAX_UNSENT_BYTES = 64 * 1024;

/**
 * Reads the sockets of all cameras in batches. Waking up for every packet is what costs a recorder its CPU, not the
 * bytes: each socket is paused after a read, and one timer resumes all that are due, so that a read brings in what has
 * come since. All share one buffer. docs/design/reading-in-batches.md tells the measurements.
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
   * @param lookup finds the addresses of a host's name
   */
  constructor(maxIntervalMs: number, lookup: LookupFunction = lookUp as LookupFunction) {
    this.#maxIntervalMs = maxIntervalMs;
    this.#lookUp = lookup;
  }

  /** Connects to a server, by TLS when `trust` is given; `handler` hears of it from then on. */
  connect(destination: Destination, handler: SocketHandler, trust?: TlsTrust): BatchedSocket {
    const { preferredAddress } = destination;
    const lookup = preferredAddress === undefined ? this.#lookUp : inOrder(this.#lookUp, preferredAddress);
    return new BatchedSocket({ ...destination, lookup }, handler, this, this.#buffer, trust);
  }

  /** The time between reads that suits a socket which brought in `bytes` after `intervalMs`. */
  nextIntervalMs(intervalMs: number, bytes: number): number {
    const next = bytes > BATCH_TARGET_BYTES ? intervalMs / 2 : intervalMs * 2;
    return Math.min(this.#maxIntervalMs, Math.max(FIRST_INTERVAL_MS, next));
  }

  /** Resumes a socket after its interval; those with the longest one all together. */
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
  /** What waits for the camera's certificate to be judged; undefined from then on, and without TLS. */
  #unsent: string | undefined;
  /** The end of the batch of TLS records that is coming in. */
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

  /** From now on reads less and less often, as fast as the kernel's receive window grows with it. */
  readInBatches(): void {
    if (this.#intervalMs === 0) this.#intervalMs = FIRST_INTERVAL_MS;
  }

  /** From now on, until `readInBatches`, reads whatever comes at once. */
  readAtOnce(): void {
    if (this.#intervalMs === 0) return;
    this.#intervalMs = 0;
    this.#sockets.forget(this);
    this.resume();
  }

  /** Sends text; a server that does not read what it is sent is hung up on. */
  write(text: string): void {
    if (this.#socket.destroyed) return;
    if (this.#unsent !== undefined) this.#unsent += text;
    else if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.destroy(new Error("the server does not read"));
    else this.#socket.write(text);
  }

  /** Sends bytes that may be left out: to a server that does not read, or that is not trusted yet, nothing is sent. */
  writeIfIdle(bytes: Buffer): void {
    if (this.#socket.destroyed || this.#unsent !== undefined || this.#socket.writableLength > 0) return;
    this.#socket.write(bytes);
  }

  /** The addresses that were tried so far, while none has answered; undefined from then on. */
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

  /** Sends what has waited, to a camera that is trusted: nobody else shall see a password. */
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
   * Takes a TLS record. A read brings several, each by a call of its own, and pausing at the first would leave the rest
   * of what has come in the kernel; so the socket is paused when Node has passed all of them on.
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

  /** What was received after the last full read of the buffer is taken at once; otherwise the socket is paused. */
  #goOnReading(length: number): boolean {
    if (this.#intervalMs === 0 || this.#socket.destroyed) return true;
    this.#sockets.resumeLater(this, this.#intervalMs);
    this.#intervalMs = this.#sockets.nextIntervalMs(this.#intervalMs, length);
    return false;
  }
}
