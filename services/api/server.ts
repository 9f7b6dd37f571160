import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Admission } from "./http/admission.ts";
import { Problem } from "./http/problem.ts";
import { answerProblem, refuseUpgrade } from "./http/raw-problem.ts";
import type { ConnectionBounds } from "./limits/connection-bounds.ts";

/** Takes a request to speak another protocol, with what was already heard of it; false when it is none of its own. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * - A page scrubbing over thumbnails keeps its connections between two movements of the hand; and a proxy in front, which
 *   gives its own up after 60 s mostly, never sends a request into one that is being closed here.
 * - Requests have no bodies: one that is not there after so long never will be.
 * - Peers that vanished without a word are found out by TCP, also in an event stream.
 */
const SOCKETS: ServerOptions = {
  keepAliveTimeout: 65_000,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  connectionsCheckingInterval: 5000, // so often Node looks whether one of the first two is over
  requireHostHeader: false, // refused by the admission, with a problem
};

/** The targets that a request may have (RFC 9112 §3.2): without a path express answers in words of its own, with a # by another path. */
const TARGET = /^(?:\/|\*|https?:\/\/[^/?#[\]]+(?:[/?]|$))[^#]*$/i;

/** Connections that wait to be taken; with Node's 511 a further one at the same moment comes a second late, by TCP's repetition. */
const BACKLOG = 4096;

/** A client that takes no byte of its answer for so long is cut off, so that stalled downloads hold no memory for ever. */
const STALL_LIMIT_MS = 120_000;

/** Tunnels, and upgrades to anything but a WebSocket: clients that offer HTTP/2 without TLS (h2c) are told to do without. */
const OTHER_PROTOCOL = new Problem(
  "bad-request",
  400,
  "Only HTTP/1.1 is spoken here, and WebSockets for live pictures: ask without the header Upgrade.",
);

/** What a request has to pass before anything else looks at it. */
export interface Gate {
  admit?: Admission;
  connections?: ConnectionBounds;
}

/** An HTTP server that stops without cutting off those who are being served. */
export class ApiServer {
  readonly #server: Server;
  #isStopping = false;

  constructor(
    listener: RequestListener,
    upgradeListener: UpgradeListener = () => false,
    gate: Gate = {},
    stallLimitMs = STALL_LIMIT_MS,
  ) {
    const refusalOf = (request: IncomingMessage) => gate.admit?.(request) ?? gate.connections?.refusal(request.socket);
    const answer: RequestListener = (request, response) => {
      if (this.#isStopping) response.shouldKeepAlive = false;
      if (!TARGET.test(request.url ?? ""))
        return answerMalformed(new Error("no target"), request.socket, request.method === "HEAD");
      const refusal = refusalOf(request);
      if (refusal !== undefined) return answerProblem(response, refusal, request.url ?? "");
      response.on("timeout", cutOffStalled);
      listener(request, response);
    };
    this.#server = createServer(SOCKETS, answer);
    this.#server.timeout = stallLimitMs; // WebSockets have pings instead
    this.#server.on("connection", (socket) => gate.connections?.admit(socket));
    this.#server.on("clientError", answerMalformed);
    // Node would refuse these by itself, without a word: expectations (RFC 9110 §10.1.1 lets us disregard them), tunnels.
    this.#server.on("checkExpectation", answer);
    this.#server.on("connect", (request, socket) => refuseUpgrade(socket, OTHER_PROTOCOL, request.url ?? ""));
    this.#server.on("upgrade", (request, socket, head) => {
      const refusal = refusalOf(request);
      if (refusal === undefined && upgradeListener(request, socket, head)) return;
      refuseUpgrade(socket, refusal ?? OTHER_PROTOCOL, request.url ?? "");
    });
  }

  /** Begins to listen; port 0 takes any free one. Throws the errors of bind(2). Returns the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, BACKLOG, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Takes no new connections, lets the answers under way be finished for up to `graceMs`, then cuts what is left.
   * Streams that never end by themselves, and WebSockets, must have been ended before.
   */
  async stop(graceMs: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // A connection whose answer has just been finished is idle, but kept alive: close those as they come up.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), 50);
    const limit = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(limit);
  }
}

/** Called when nothing was sent for long: who takes nothing is cut off, but who waits for an answer that is still made is not. */
function cutOffStalled(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}

/** What Node's parser refuses never reaches express; it gets problem details (RFC 9457) all the same. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex, isHead = false): void {
  if (error.code === "ECONNRESET" || !socket.writable || ((socket as Socket).bytesWritten ?? 0) > 0) {
    socket.destroy();
    return;
  }
  const [status, title, detail] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "Request Header Fields Too Large", "The request's address and headers together are too long."]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "Request Timeout", "The request did not arrive in time."]
        : [400, "Bad Request", "This is no HTTP request that could be answered here."];
  const body = JSON.stringify({ type: "urn:hindsight:problem:bad-request", title, status, detail });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${isHead ? "" : body}`,
  );
}
