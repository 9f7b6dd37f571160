import { CameraAwayError, type CameraError } from "../errors/camera-error.ts";
import type { Quote } from "../errors/quote.ts";
import type { Authenticator } from "./authentication.ts";
import type { BatchedSocket, BatchedSockets } from "./batched-socket.ts";
import type { Destination } from "./destination.ts";
import { asConnectionError, HungUpError, RedirectedError, refusal, UnansweredError, whyClosed } from "./errors.ts";
import { InterleavedReader } from "./interleaved-reader.ts";
import { formatRequest, header, type RtspRequest, type RtspResponse } from "./message.ts";
import type { TlsTrust } from "./tls-socket.ts";
import type { RtspUrl } from "./url.ts";

/** The callbacks of a connection's owner. */
export interface ConnectionHandler {
  /** A packet of an interleaved channel; `bytes` are valid only during the call. */
  packet(channel: number, bytes: Buffer, start: number, end: number): void;
  /** All packets of one read have been passed on. */
  batchEnd(): void;
  /** The camera sent something, either a packet or a message. */
  heard(): void;
  /** The connection is over. */
  closed(error: CameraError): void;
}

export interface ConnectionOptions {
  /** Makes a text from the camera safe to show. */
  quote: Quote;
  /** Answers the camera's challenges, perhaps known from an earlier connection; without it none is answered. */
  authenticator?: Authenticator | undefined;
  /** How the camera's certificate is verified; without it there is no TLS. */
  trust?: TlsTrust | undefined;
  /** How the addresses of a name are tried. */
  reach?: Omit<Destination, "host" | "port"> | undefined;
}

interface PendingRequest {
  cseq: number;
  /**
   * Nobody waits for the answer any longer. The request stays in the list so that a late answer is not taken for
   * another's.
   */
  isGivenUp?: boolean;
  resolve(response: RtspResponse): void;
  reject(error: Error): void;
}

const USER_AGENT = "Hindsight";
const MAX_GARBAGE_BYTES = 1024 * 1024;
/** When more are unanswered, as with a camera that never answers keep-alives, the oldest are dropped. */
const MAX_PENDING_REQUESTS = 16;
/** Without 300 and 304, which redirect nowhere. */
const REDIRECTS = new Set([301, 302, 303, 305, 307, 308]);

/** An RTSP connection: requests out, answers and packets in (RFC 2326), over one TCP or TLS socket. */
export class RtspConnection {
  readonly #handler: ConnectionHandler;
  readonly #socket: BatchedSocket;
  readonly #authenticator: Authenticator | undefined;
  readonly #quote: Quote;
  readonly #pending: PendingRequest[] = [];
  #cseq = 0;
  #garbageBytes = 0;
  #closedBy: CameraError | undefined;
  #remoteAddress: string | undefined;

  constructor(
    sockets: BatchedSockets,
    url: RtspUrl,
    handler: ConnectionHandler,
    { quote, reach, authenticator, trust }: ConnectionOptions,
  ) {
    this.#handler = handler;
    this.#quote = quote;
    this.#authenticator = authenticator;
    authenticator?.reconnected();
    const reader = new InterleavedReader({
      packet: (channel, bytes, start, end) => handler.packet(channel, bytes, start, end),
      message: (message) => this.#message(message),
      garbage: (count) => this.#garbage(count),
    });
    const guard = (act: () => void) => {
      try {
        act();
      } catch (error) {
        this.#socket.destroy(asConnectionError(error, quote));
      }
    };
    this.#socket = sockets.connect(
      { host: url.host, port: url.port, ...reach },
      {
        data: (bytes, length) => {
          handler.heard();
          guard(() => reader.push(bytes, length));
        },
        batchEnd: () => guard(() => handler.batchEnd()),
        closed: (error) => this.#closed(whyClosed(error, quote)),
      },
      trust,
    );
  }

  /** Number of bytes between packets that were skipped as garbage since the connection began. */
  get garbageBytes(): number {
    return this.#garbageBytes;
  }

  /**
   * Sends a request and returns its 2xx response, after repeating it on 401 as often as the authenticator allows.
   * Throws RedirectedError for a redirect, RtspRefusal for any other status, and CameraAwayError when the connection
   * ends first: HungUpError when the camera closed it without an answer.
   */
  async request(method: string, url: string, fields: Record<string, string> = {}): Promise<RtspResponse> {
    const authenticator = this.#authenticator;
    let response = await this.#send(method, url, fields);
    while (
      response.status === 401 &&
      authenticator?.challenge(response.headers.get("www-authenticate") ?? [], method)
    ) {
      response = await this.#send(method, url, fields).catch((error: unknown) => {
        if (!(error instanceof HungUpError)) throw error;
        // Some cameras close the connection with the 401: the caller may try user and password on a new one.
        throw new HungUpError(error.message, { isChallenge: true });
      });
    }
    if (response.status < 300) {
      authenticator?.accepted(method);
      return response;
    }
    const location = header(response, "location");
    if (REDIRECTS.has(response.status) && location) throw new RedirectedError(location);
    throw refusal(method, response, authenticator?.isBasicForbidden);
  }

  /** Stops waiting for answers: pending requests are rejected with UnansweredError. */
  giveUpWaiting(): void {
    for (const request of this.#pending) {
      request.isGivenUp = true;
      request.reject(new UnansweredError());
    }
  }

  /** From now on an answer without a known CSeq belongs to a later request, not to one sent until now. */
  passOver(): void {
    for (const request of this.#pending) request.isGivenUp = true;
  }

  /** From now on the socket is read in batches. */
  readInBatches(): void {
    this.#socket.readInBatches();
  }

  /** From now on the socket is read as packets come: somebody watches live. */
  readAtOnce(): void {
    this.#socket.readAtOnce();
  }

  /** The addresses tried so far; undefined once one has answered. */
  get triedAddresses(): readonly string[] | undefined {
    return this.#socket.triedAddresses;
  }

  /** The address of the server; undefined when it was never reached. */
  get remoteAddress(): string | undefined {
    return this.#remoteAddress ?? this.#socket.remoteAddress;
  }

  /** Sends a packet on an interleaved channel (RFC 2326 §10.12), or nothing to a server that does not read. */
  sendPacket(channel: number, packet: Buffer): void {
    this.#socket.writeIfIdle(Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length]), packet]));
  }

  /** Sends TEARDOWN without waiting for the answer, and closes the connection. */
  teardown(url: string, session: string): void {
    if (this.#closedBy !== undefined) return;
    this.#write("TEARDOWN", url, { Session: session });
  }

  close(error?: CameraAwayError): void {
    this.#socket.destroy(error);
  }

  #send(method: string, url: string, fields: Record<string, string>): Promise<RtspResponse> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    if (this.#pending.length === MAX_PENDING_REQUESTS) {
      this.#pending.shift()?.reject(new UnansweredError());
    }
    const cseq = this.#write(method, url, fields);
    return new Promise((resolve, reject) => this.#pending.push({ cseq, resolve, reject }));
  }

  #write(method: string, url: string, fields: Record<string, string>): number {
    const cseq = ++this.#cseq;
    const authorization = this.#authenticator?.authorize(method, url);
    this.#socket.write(
      formatRequest(method, url, cseq, {
        "User-Agent": USER_AGENT,
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...fields,
      }),
    );
    return cseq;
  }

  #message(message: RtspResponse | RtspRequest): void {
    this.#remoteAddress ??= this.#socket.remoteAddress; // a closed socket no longer has it
    if (message.kind === "request") {
      this.#answer(message);
      return;
    }
    message.reason = this.#quote(message.reason);
    if (message.status < 200) return; // 100 Continue: the answer is still to come (RFC 2326 §7.1.1)
    // Answers come in order, and some servers omit CSeq or count wrongly (retina #133, "C520WS"): an answer without the
    // CSeq of a pending request belongs to the oldest one.
    const cseq = Number(header(message, "cseq"));
    const named = this.#pending.findIndex((request) => request.cseq === cseq);
    const index = named === -1 ? this.#pending.findIndex((request) => request.isGivenUp !== true) : named;
    if (index !== -1) this.#pending.splice(index, 1)[0]?.resolve(message);
  }

  /**
   * Servers may send requests, too (RFC 2326 §10): OPTIONS and GET_PARAMETER are answered, REDIRECT is followed, all
   * others are refused with 501.
   */
  #answer(request: RtspRequest): void {
    const isKnown = ["OPTIONS", "GET_PARAMETER", "REDIRECT"].includes(request.method);
    const status = isKnown ? "200 OK" : "501 Not Implemented";
    this.#socket.write(`RTSP/1.0 ${status}\r\nCSeq: ${header(request, "cseq") ?? "0"}\r\n\r\n`);
    if (request.method === "REDIRECT") this.close(new RedirectedError(header(request, "location") ?? request.url));
  }

  #garbage(count: number): void {
    this.#garbageBytes += count;
    if (this.#garbageBytes <= MAX_GARBAGE_BYTES) return;
    this.#socket.destroy(
      new CameraAwayError(
        `the camera sent more than ${MAX_GARBAGE_BYTES} bytes that are neither RTSP nor RTP`,
        "restart the camera; update its firmware",
      ),
    );
  }

  #closed(error: CameraError): void {
    this.#closedBy = error;
    for (const request of this.#pending.splice(0)) request.reject(error);
    this.#handler.closed(error);
  }
}
