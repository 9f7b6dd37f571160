import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Admission } from "./http/admission.ts";
import { Problem } from "./http/problem.ts";
import { answerProblem, refuseUpgrade } from "./http/raw-problem.ts";
import type { ConnectionBounds } from "./limits/connection-bounds.ts";

/**
 * Takes over an upgrade request (`head`: the bytes received after it). Returns false when the request is not for it.
 */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * - `keepAliveTimeout`: a page that scrubs over thumbnails keeps its connections between two movements. It is longer
 *   than the usual 60 s of a proxy in front, so that the proxy never sends a request on a connection that closes here.
 * - `headersTimeout`, `requestTimeout`: requests have no bodies, so one that is incomplete by then never will be
 *   complete.
 * - `keepAlive`: TCP detects peers that disappeared without closing, also of an event stream.
 */
const SOCKETS: ServerOptions = {
  keepAliveTimeout: 65_000,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  connectionsCheckingInterval: 5000, // how often Node checks headersTimeout and requestTimeout
  requireHostHeader: false, // the admission refuses requests without it, with a problem
};

/**
 * The allowed request targets (RFC 9112 §3.2). Without a path, express would answer in a format of its own; with a
 * `#`, it would route by a different path.
 */
const TARGET = /^(?:\/|\*|https?:\/\/[^/?#[\]]+(?:[/?]|$))[^#]*$/i;

/**
 * Maximum number of connections that wait to be accepted. With Node's default of 511, further ones at the same moment
 * are accepted a second later, when TCP retransmits.
 */
const BACKLOG = 4096;

/** A client that reads nothing for this long is disconnected: stalled downloads must not hold memory for ever. */
const STALL_LIMIT_MS = 120_000;

/** The answer to tunnels and to upgrades to anything but a WebSocket, such as HTTP/2 without TLS (h2c). */
const OTHER_PROTOCOL = new Problem(
  "bad-request",
  400,
  "Only HTTP/1.1 is spoken here, and WebSockets for live pictures: ask without the header Upgrade.",
);

/** The checks that a request has to pass before anything else handles it. */
export interface Gate {
  admit?: Admission;
  connections?: ConnectionBounds;
}

/** An HTTP server that, when it stops, lets the answers under way finish. */
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
    // Without listeners Node refuses these without a body: expectations (RFC 9110 §10.1.1 lets us ignore them),
    // tunnels.
    this.#server.on("checkExpectation", answer);
    this.#server.on("connect", (request, socket) => refuseUpgrade(socket, OTHER_PROTOCOL, request.url ?? ""));
    this.#server.on("upgrade", (request, socket, head) => {
      const refusal = refusalOf(request);
      if (refusal === undefined && upgradeListener(request, socket, head)) return;
      refuseUpgrade(socket, refusal ?? OTHER_PROTOCOL, request.url ?? "");
    });
  }

  /** Starts to listen; port 0 chooses any free port. Returns the port. Throws the errors of bind(2). */
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
   * Accepts no new connections, gives the answers under way up to `graceMs` to finish, then closes the connections that
   * are left. The caller must already have ended the WebSockets and the streams that never end by themselves.
   */
  async stop(graceMs: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // A connection whose answer has just finished is idle but kept alive: close such connections as they appear.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), 50);
    const limit = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(limit);
  }
}

/**
 * Called when nothing was sent for the time limit. Disconnects a client that does not read; a client that waits for an
 * answer that is still being made keeps its connection.
 */
function cutOffStalled(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}

/** Answers requests that Node's parser refuses, which never reach express, with problem details (RFC 9457) as well. */
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
