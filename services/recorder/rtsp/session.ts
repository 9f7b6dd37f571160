import { CameraAwayError, type CameraError, CameraRefusedError } from "../errors/camera-error.ts";
import { type Quote, quoteWithoutSecrets } from "../errors/quote.ts";
import type { Authenticator } from "./authentication.ts";
import type { BatchedSockets } from "./batched-socket.ts";
import { RtspConnection } from "./connection.ts";
import { Credentials } from "./credentials.ts";
import { attemptTimeoutMs } from "./destination.ts";
import { ForeignHostError, HungUpError, RedirectedError, RtspRefusal, UnansweredError } from "./errors.ts";
import { KeepAlive } from "./keep-alive.ts";
import { header, parseSession, type RtspResponse } from "./message.ts";
import { redirectedUrl } from "./redirect.ts";
import { RtspMemory } from "./rtsp-memory.ts";
import { findVideoTrack, type Track } from "./sdp.ts";
import type { TlsTrust } from "./tls-socket.ts";
import { readTrust, type TlsOptions } from "./tls-trust.ts";
import { type PacketHandler, TrackTransport } from "./track-transport.ts";
import { type DescribedUrls, firstRightUrl, playUrls, setupUrls } from "./track-urls.ts";
import { parseRtspUrl, type RtspUrl } from "./url.ts";

/** The callbacks of a session's owner. `bytes` of a packet are valid only during the call. */
export interface SessionHandler extends PacketHandler {
  /** The track was found; its packets may follow at once, even before the answer to PLAY. */
  described(track: Track): void;
  /** The session ended by itself, once, after `open` had succeeded. */
  closed(error: CameraAwayError): void;
}

export interface RtspSessionOptions {
  /** How packets are transported; "tcp", the default, is over the RTSP connection itself. */
  transport?: "tcp" | "udp";
  /**
   * How the certificate of an rtsps:// camera is verified; by default with the certificate authorities known to Node.
   */
  tls?: TlsOptions;
  /** What earlier sessions learned about the camera; this one adds to it. Empty by default. */
  memory?: RtspMemory;
  /** "digest" forbids Basic, which sends the password itself. */
  auth?: "any" | "digest";
  /** Other hosts that may receive user and password when the camera redirects to them. */
  redirectHosts?: readonly string[];
  /** How long the owner waits for the camera to answer: all addresses of its name should be tried within this time. */
  connectTimeoutMs?: number;
  /** Makes a text from the camera safe to show; by default masks URLs, but no configured secrets. */
  quote?: Quote;
}

const MAX_REDIRECTS = 3;
/** Maximum of further connections to a camera that closes each with its 401: for another nonce or another algorithm. */
const MAX_CHALLENGED_CONNECTIONS = 3;
/** Some servers never answer OPTIONS, whose answer is not essential. */
const OPTIONS_TIMEOUT_MS = 3000;

/**
 * One RTSP session that plays the video of a camera (RFC 2326), interleaved or over UDP: OPTIONS, DESCRIBE, SETUP,
 * PLAY, then keep-alives. It has no timers of its own: the owner calls `keepAlive` regularly, from the beginning,
 * and `close` when it has waited long enough. docs/cameras.md lists what cameras do differently.
 */
export class RtspSession {
  readonly #handler: SessionHandler;
  readonly #sockets: BatchedSockets;
  readonly #options: RtspSessionOptions;
  readonly #quote: Quote;
  readonly #credentials: Credentials;
  readonly #memory: RtspMemory;
  #url: RtspUrl;
  #authenticator: Authenticator | undefined;
  #trust: TlsTrust | undefined;
  #connection: RtspConnection | undefined;
  /** Undefined before SETUP: packets that come then are of an earlier session. */
  #transport: TrackTransport | undefined;
  #controlUrl = "";
  #sessionId = "";
  #timeoutMs = 0;
  #keepAlive: KeepAlive | undefined;
  /** Whether anything came over the RTSP connection since the last call of `keepAlive`. */
  #hasHeard = false;
  #redirects = 0;
  #challengedConnections = 0;
  #hasReconnected = false;
  #hasOptions: boolean;
  /** When the unanswered OPTIONS was sent, by performance.now(). */
  #optionsSinceMs: number | undefined;
  #isOpen = false;
  #isClosed = false;

  /** Throws TypeError when `url` is not an RTSP URL. */
  constructor(sockets: BatchedSockets, url: string, handler: SessionHandler, options: RtspSessionOptions = {}) {
    this.#sockets = sockets;
    this.#handler = handler;
    this.#options = options;
    this.#memory = options.memory ?? new RtspMemory();
    this.#hasOptions = !this.#memory.ignoresOptions;
    this.#url = parseRtspUrl(url);
    this.#quote = options.quote ?? quoteWithoutSecrets;
    this.#credentials = new Credentials(this.#url, options);
    this.#authenticator = this.#credentials.for(this.#url);
  }

  /** Whether it plays over UDP; its RTSP connection is open then. */
  get isOverUdp(): boolean {
    return this.#isOpen && this.#transport?.isOverUdp === true;
  }

  /** Why UDP packets may be lost, and what to do; undefined when there is no reason. */
  get udpProblem(): string | undefined {
    return this.#transport?.udpProblem;
  }

  /** The addresses tried so far; undefined once the camera is reached. */
  get triedAddresses(): readonly string[] | undefined {
    return this.#connection?.triedAddresses;
  }

  /** When the camera last answered a keep-alive, by performance.now(); undefined before the first. */
  get answeredMs(): number | undefined {
    return this.#keepAlive?.answeredMs;
  }

  get garbageBytes(): number {
    return this.#connection?.garbageBytes ?? 0;
  }

  /** Connects and plays, once. Throws CameraRefusedError or CameraAwayError, having closed the connection. */
  async open(): Promise<void> {
    try {
      while (!this.#isOpen) {
        try {
          await this.#openOnce();
          this.#isOpen = true;
        } catch (error) {
          this.#prepareAnotherTry(error);
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * To be called regularly with performance.now(). Sends a keep-alive when half of the session's timeout has passed
   * since the last one, gives up late packets and sends due reports; while the session opens, stops waiting for a
   * server that does not answer OPTIONS.
   * @param maxIntervalMs sends a keep-alive after this time already, to find out whether a silent camera is alive
   */
  keepAlive(nowMs: number, maxIntervalMs?: number): void {
    if (this.#isClosed) return;
    if (this.#optionsSinceMs !== undefined && nowMs - this.#optionsSinceMs > OPTIONS_TIMEOUT_MS) {
      this.#optionsSinceMs = undefined;
      this.#connection?.giveUpWaiting();
    }
    if (!this.#isOpen) return;
    this.#transport?.tick(nowMs);
    this.#keepAlive?.tick(nowMs, this.#hasHeard || this.isOverUdp, maxIntervalMs);
    this.#hasHeard = false;
  }

  /** From now on the camera's packets are read in batches: later, but with less CPU. */
  readInBatches(): void {
    this.#connection?.readInBatches();
  }

  /** From now on, until `readInBatches`, packets are read as they come: somebody watches live. */
  readAtOnce(): void {
    this.#connection?.readAtOnce();
  }

  /** Ends the session of a camera that has sent nothing since `heardMs`; `handler.closed` is not called. */
  giveUp(heardMs: number): void {
    if (!this.#isClosed) this.#keepAlive?.ended(heardMs);
    this.close();
  }

  /** Ends the session; `handler.closed` is not called for it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#sessionId !== "") this.#connection?.teardown(this.#controlUrl, this.#sessionId);
    this.#transport?.close();
    this.#connection?.close(new CameraAwayError("the session was closed", ""));
  }

  /** Plays from the current URL over a new connection. */
  async #openOnce(): Promise<void> {
    if (this.#isClosed) throw new CameraAwayError("the session was closed", "");
    if (this.#url.secure && this.#options.transport === "udp") {
      throw new CameraRefusedError("rtsps:// does not encrypt what comes over UDP", "set its transport to tcp");
    }
    if (this.#url.secure) this.#trust ??= await readTrust(this.#options.tls);
    const connection = this.#connect();
    const url = this.#url.request;
    const options = await this.#askOptions(connection, url);
    const memory = this.#memory;
    if (this.#redirects === 0) memory.address = connection.remoteAddress ?? memory.address;
    const describe = await connection.request("DESCRIBE", url, { Accept: "application/sdp" });
    const track = findVideoTrack(describe.body, this.#quote);
    this.#handler.described(track);
    const transport = new TrackTransport(connection, track, this.#handler);
    this.#transport = transport;
    if (this.#options.transport === "udp") await transport.openUdp(this.#url.host);
    if (this.#isClosed) {
      transport.close();
      throw new CameraAwayError("the session was closed", "");
    }
    const contentBase = header(describe, "content-base") || header(describe, "content-location");
    const urls: DescribedUrls = { ...track, request: url, contentBase };
    const trackUrl = await firstRightUrl(setupUrls(urls), memory.setupUrl, (candidate) =>
      this.#setUp(connection, transport, candidate),
    );
    this.#controlUrl = await firstRightUrl(playUrls(urls, trackUrl), memory.playUrl, (candidate) => {
      this.#controlUrl = candidate;
      return connection.request("PLAY", candidate, { Session: this.#sessionId, Range: "npt=0.000-" });
    });
    memory.setupUrl = trackUrl;
    memory.playUrl = this.#controlUrl;
    memory.ignoresOptions = !this.#hasOptions;
    memory.keepAlive.announced(options?.headers.get("public")?.join());
    if (!this.#hasOptions && memory.keepAlive.order[0] === "OPTIONS") memory.keepAlive.failed("OPTIONS");
    this.#keepAlive = new KeepAlive({
      ways: memory.keepAlive,
      timeoutMs: this.#timeoutMs,
      sinceMs: performance.now(),
      send: (method) => connection.request(method, this.#controlUrl, { Session: this.#sessionId }),
      passOver: () => connection.passOver(),
      garbageBytes: () => connection.garbageBytes,
    });
  }

  /** Sends OPTIONS. The server need not answer: the answer is only used as a preference. */
  async #askOptions(connection: RtspConnection, url: string): Promise<RtspResponse | undefined> {
    if (!this.#hasOptions) return undefined;
    this.#optionsSinceMs = performance.now();
    try {
      return await connection.request("OPTIONS", url);
    } catch (error) {
      const isHungUp = error instanceof HungUpError && !error.isChallenge;
      if (isHungUp || error instanceof UnansweredError) this.#hasOptions = false;
      const isRefused = error instanceof RtspRefusal && error.status !== 401;
      if (!isRefused && !(error instanceof UnansweredError)) throw error;
      return undefined;
    } finally {
      this.#optionsSinceMs = undefined;
    }
  }

  async #setUp(connection: RtspConnection, transport: TrackTransport, url: string): Promise<void> {
    const setup: RtspResponse = await connection.request("SETUP", url, { Transport: transport.setupField });
    const session = header(setup, "session");
    if (session === undefined) {
      throw new CameraRefusedError("the camera answered SETUP without a session", "update the camera's firmware");
    }
    const { id, timeoutSeconds } = parseSession(session);
    this.#sessionId = id;
    this.#timeoutMs = timeoutSeconds * 1000;
    transport.answered(header(setup, "transport"));
  }

  #connect(): RtspConnection {
    const handler = {
      packet: (channel: number, bytes: Buffer, start: number, end: number) => {
        this.#transport?.take(channel, bytes, start, end);
      },
      batchEnd: () => this.#handler.batchEnd(),
      heard: () => {
        this.#hasHeard = true;
        if (!this.isOverUdp) this.#handler.heard();
      },
      closed: (error: CameraError) => {
        if (!this.#isOpen || this.#isClosed || connection !== this.#connection) return;
        this.#transport?.end();
        this.#isClosed = true;
        this.#keepAlive?.ended();
        this.#handler.closed(
          error instanceof CameraAwayError ? error : new CameraAwayError(error.message, error.advice, { cause: error }),
        );
      },
    };
    const trust = this.#url.secure ? this.#trust : undefined;
    const { connectTimeoutMs } = this.#options;
    const connection: RtspConnection = new RtspConnection(this.#sockets, this.#url, handler, {
      quote: this.#quote,
      authenticator: this.#authenticator,
      trust,
      reach: {
        preferredAddress: this.#options.memory?.address,
        ...(connectTimeoutMs !== undefined && { attemptTimeoutMs: attemptTimeoutMs(connectTimeoutMs) }),
      },
    });
    this.#connection = connection;
    return connection;
  }

  /**
   * Prepares another attempt: at the URL of a redirect, or with user and password. Throws errors that no retry can
   * solve.
   */
  #prepareAnotherTry(error: unknown): void {
    if (this.#isClosed) throw error;
    this.#connection?.close();
    this.#transport?.close();
    this.#transport = undefined;
    this.#sessionId = "";
    if (error instanceof RedirectedError) {
      if (this.#redirects++ === MAX_REDIRECTS)
        throw new CameraRefusedError("too many redirects", "check the camera's url");
      this.#credentials.reached(this.#url, this.#connection?.remoteAddress);
      this.#url = redirectedUrl(this.#url, error.location);
      this.#authenticator = this.#credentials.for(this.#url);
    } else if (error instanceof HungUpError && error.isChallenge) {
      if (this.#challengedConnections++ === MAX_CHALLENGED_CONNECTIONS) throw error;
    } else if (error instanceof HungUpError && !this.#hasReconnected && !this.#hasOptions) {
      this.#hasReconnected = true;
    } else if (error instanceof RtspRefusal && error.status === 401 && !this.#credentials.permits(this.#url)) {
      throw new ForeignHostError(error, this.#quote(this.#url.host));
    } else {
      throw error;
    }
  }
}
