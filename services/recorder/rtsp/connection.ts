import { CameraAwayError, CameraRefusedError } from "../camera/errors.ts";
import { Authenticator } from "./authentication.ts";
import type { BatchedSocket, BatchedSockets } from "./batched-socket.ts";
import { InterleavedReader } from "./interleaved-reader.ts";
import { formatRequest, header, type RtspRequest, type RtspResponse, RtspSyntaxError } from "./message.ts";
import type { RtspUrl } from "./url.ts";

/** What the owner of a connection is told. */
export interface ConnectionHandler {
  /** A packet of an interleaved channel, to be used before the call returns. */
  packet(channel: number, bytes: Buffer, start: number, end: number): void;
  /** All packets of one read have been passed on. */
  batchEnd(): void;
  /** Something was heard from the camera, be it a packet or a message. */
  heard(): void;
  /** The connection is over. */
  closed(error: CameraAwayError): void;
}

interface PendingRequest {
  cseq: number;
  resolve(response: RtspResponse): void;
  reject(error: Error): void;
}

const USER_AGENT = "Hindsight";
const MAX_GARBAGE_BYTES = 1024 * 1024;
/** Cameras that never answer a keep-alive shall not make us keep what we asked them for ever. */
const MAX_PENDING_REQUESTS = 16;

/** An RTSP connection: requests out, answers and packets in (RFC 2326), over one TCP socket. */
export class RtspConnection {
  readonly #handler: ConnectionHandler;
  readonly #socket: BatchedSocket;
  readonly #authenticator: Authenticator | undefined;
  readonly #pending: PendingRequest[] = [];
  #cseq = 0;
  #garbageBytes = 0;
  #closedBy: CameraAwayError | undefined;

  constructor(sockets: BatchedSockets, url: RtspUrl, handler: ConnectionHandler) {
    this.#handler = handler;
    if (url.user !== undefined) this.#authenticator = new Authenticator(url.user, url.password ?? "");
    const reader = new InterleavedReader({
      packet: (channel, bytes, start, end) => handler.packet(channel, bytes, start, end),
      message: (message) => this.#message(message),
      garbage: (count) => this.#garbage(count),
    });
    this.#socket = sockets.connect(url.host, url.port, {
      data: (bytes, length) => {
        handler.heard();
        try {
          reader.push(bytes, length);
          handler.batchEnd();
        } catch (error) {
          this.#socket.destroy(asCameraError(error));
        }
      },
      closed: (error) => this.#closed(asAwayError(error)),
    });
  }

  /** Bytes between packets that made no sense and were left out, since the connection began. */
  get garbageBytes(): number {
    return this.#garbageBytes;
  }

  /**
   * Sends a request and returns the answer of status 2xx, or 3xx to a DESCRIBE, having answered a 401 once. Throws
   * CameraRefusedError for any other status, and CameraAwayError when the connection ends first.
   */
  async request(method: string, url: string, fields: Record<string, string> = {}): Promise<RtspResponse> {
    let response = await this.#send(method, url, fields);
    if (response.status === 401 && this.#authenticator !== undefined) {
      if (this.#authenticator.challenge(response.headers.get("www-authenticate") ?? [])) {
        response = await this.#send(method, url, fields);
      }
    }
    if (response.status < 300 || (response.status < 400 && method === "DESCRIBE")) return response;
    throw refusal(method, response);
  }

  /** From now on the socket is read in batches: the stream has begun. */
  readInBatches(): void {
    this.#socket.readInBatches();
  }

  /** From now on the socket is read at once: somebody watches live. */
  readAtOnce(): void {
    this.#socket.readAtOnce();
  }

  /** Sends a request whose answer nobody waits for, then hangs up. */
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
      this.#pending
        .shift()
        ?.reject(new CameraAwayError("the camera leaves requests unanswered", "update its firmware"));
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
    if (message.kind === "request") {
      this.#answer(message);
      return;
    }
    if (message.status < 200) return; // 100 Continue: the answer is still to come (RFC 2326 §7.1.1)
    // Answers come in order; some servers leave CSeq out, so an answer without one belongs to the oldest request.
    const cseq = Number(header(message, "cseq") ?? this.#pending[0]?.cseq);
    const index = this.#pending.findIndex((request) => request.cseq === cseq);
    if (index !== -1) this.#pending.splice(index, 1)[0]?.resolve(message);
  }

  /** Servers may ask, too (RFC 2326 §10.1): whether we are alive is answered, everything else politely refused. */
  #answer(request: RtspRequest): void {
    const status =
      request.method === "OPTIONS" || request.method === "GET_PARAMETER" ? "200 OK" : "501 Not Implemented";
    this.#socket.write(`RTSP/1.0 ${status}\r\nCSeq: ${header(request, "cseq") ?? "0"}\r\n\r\n`);
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

  #closed(error: CameraAwayError): void {
    this.#closedBy = error;
    for (const request of this.#pending.splice(0)) request.reject(error);
    this.#handler.closed(error);
  }
}

/** Whatever went wrong with what a camera sent ends its own connection, and harms no other. */
function asCameraError(error: unknown): CameraAwayError {
  if (error instanceof RtspSyntaxError)
    return new CameraAwayError(error.message, "is this the RTSP port of the camera?");
  return new CameraAwayError(`a fault of the recorder: ${(error as Error).stack}`, "please report it", {
    cause: error,
  });
}

function refusal(method: string, response: RtspResponse): CameraRefusedError {
  const status = `${response.status} ${response.reason}`.trim();
  const advice: Record<number, string> = {
    401: "check the user and password in its url",
    403: "the camera forbids this user the stream; check the user's rights in the camera",
    404: "the camera knows no such path; check the path in its url",
    453: "the camera has no bandwidth left; close other viewers or choose a smaller stream",
    461: "the camera does not speak this transport; set its `transport` to the other of tcp and udp",
    503: "the camera serves no more viewers; close others",
  };
  return new CameraRefusedError(
    `${status} to ${method}`,
    advice[response.status] ?? "check its url, and that the camera's RTSP service is on",
  );
}

function asAwayError(error: Error | undefined): CameraAwayError {
  if (error instanceof CameraAwayError) return error;
  if (error === undefined)
    return new CameraAwayError("the camera closed the connection", "it is tried again by itself");
  const advice: Record<string, string> = {
    ECONNREFUSED: "nothing listens there: check host and port in its url, and that the camera's RTSP service is on",
    ENOTFOUND: "the host name is unknown: check it in its url",
    EAI_AGAIN: "the host name could not be looked up: check the network and the name server",
    EHOSTUNREACH: "no way to this host: check that the camera is on and in this network",
    ENETUNREACH: "no way to this network: check the network of this machine",
    ETIMEDOUT: "the camera does not answer: check that it is on and in this network",
    ECONNRESET: "the camera broke the connection; it is tried again by itself",
  };
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return new CameraAwayError(
    code === "" ? error.message : `${code.toLowerCase()}${details(error, code)}`,
    advice[code] ?? "check the network",
    { cause: error },
  );
}

/** Of "connect ECONNREFUSED 192.0.2.1:554" the address; of a host with several addresses all that were tried. */
function details(error: Error, code: string): string {
  const errors: Error[] = error instanceof AggregateError ? error.errors : [error];
  const addresses = errors.map((one) => one.message.split(code)[1]?.trim() ?? "").filter((address) => address !== "");
  return addresses.length === 0 ? "" : ` (${addresses.join(", ")})`;
}
