import { CameraAwayError, CameraRefusedError } from "../camera/errors.ts";
import type { BatchedSockets } from "./batched-socket.ts";
import { RtspConnection } from "./connection.ts";
import { header, parseSession, parseTransportPair, type RtspResponse } from "./message.ts";
import { findVideoTrack, type VideoTrack } from "./sdp.ts";
import { parseRtspUrl, type RtspUrl, resolveBase, resolveControl } from "./url.ts";

/** What the owner of a session is told. `bytes` of a packet are valid only during the call. */
export interface SessionHandler {
  /** The track was found; its packets may follow at once, even before PLAY was answered. */
  described(track: VideoTrack): void;
  /** An RTP packet of the video track. */
  rtp(bytes: Buffer, start: number, end: number): void;
  /** An RTCP packet of the video track. */
  rtcp(bytes: Buffer, start: number, end: number): void;
  /** All that one read brought has been passed on. */
  batchEnd(): void;
  /** Something was heard from the camera. */
  heard(): void;
  /** The session ended by itself, once, after `open` had succeeded. */
  closed(error: CameraAwayError): void;
}

const MAX_REDIRECTS = 3;
const NO_CHANNEL = -1;

/**
 * One RTSP session that plays the video of a camera over interleaved TCP (RFC 2326): OPTIONS, DESCRIBE, SETUP, PLAY, then
 * keep-alives. It has no timers of its own: the owner calls `keepAlive` now and then, and `close` when it has waited
 * long enough.
 */
export class RtspSession {
  readonly #handler: SessionHandler;
  readonly #sockets: BatchedSockets;
  #url: RtspUrl;
  #connection: RtspConnection | undefined;
  #channel = NO_CHANNEL;
  #controlUrl = "";
  #sessionId = "";
  #keepAliveMethod = "OPTIONS";
  #keepAliveIntervalMs = 30_000;
  #keptAliveMs = 0;
  #isOpen = false;
  #isClosed = false;

  /** Throws TypeError when `url` is no RTSP URL. */
  constructor(sockets: BatchedSockets, url: string, handler: SessionHandler) {
    this.#sockets = sockets;
    this.#url = parseRtspUrl(url);
    this.#handler = handler;
  }

  get garbageBytes(): number {
    return this.#connection?.garbageBytes ?? 0;
  }

  /** Connects and plays, once. Throws CameraRefusedError or CameraAwayError, having closed the connection. */
  async open(): Promise<void> {
    try {
      for (let redirects = 0; ; redirects++) {
        const location = await this.#openOnce();
        if (location === undefined) break;
        if (redirects === MAX_REDIRECTS) throw new CameraRefusedError("too many redirects", "check the camera's url");
        this.#redirect(location);
      }
      this.#isOpen = true;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Asks the server to keep the session, when half of its timeout has passed since the last time. */
  keepAlive(nowMs: number): void {
    if (!this.#isOpen || this.#isClosed || nowMs - this.#keptAliveMs < this.#keepAliveIntervalMs) return;
    this.#keptAliveMs = nowMs;
    const connection = this.#connection as RtspConnection;
    connection
      .request(this.#keepAliveMethod, this.#controlUrl, { Session: this.#sessionId })
      .catch((error: unknown) => {
        // Some cameras refuse what they said they can do, and stream on: only a session that is gone ends it.
        if (error instanceof CameraRefusedError && error.message.startsWith("454")) {
          connection.close(new CameraAwayError("the camera forgot the session", "it is opened again by itself"));
        } else {
          this.#keepAliveMethod = "OPTIONS";
        }
      });
  }

  /** From now on the camera's packets are read in batches: later, and at less cost. */
  readInBatches(): void {
    this.#connection?.readInBatches();
  }

  /** From now on, until `readInBatches`, they are read as they come: somebody watches live. */
  readAtOnce(): void {
    this.#connection?.readAtOnce();
  }

  /** Ends the session; `handler.closed` is not called for it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#sessionId !== "") this.#connection?.teardown(this.#controlUrl, this.#sessionId);
    this.#connection?.close(new CameraAwayError("the session was closed", ""));
  }

  /** Plays from the current URL, or returns the URL to which the server sends us. */
  async #openOnce(): Promise<string | undefined> {
    if (this.#isClosed) throw new CameraAwayError("the session was closed", "");
    const connection = this.#connect();
    const url = this.#url.request;
    const options = await connection.request("OPTIONS", url).catch(ignoreRefusal);
    const describe = await connection.request("DESCRIBE", url, { Accept: "application/sdp" });
    if (describe.status >= 300) return header(describe, "location") ?? url;
    const track = findVideoTrack(describe.body);
    this.#handler.described(track);
    const base = resolveBase(url, header(describe, "content-base") ?? header(describe, "content-location"));
    this.#controlUrl = resolveControl(base, track.presentationControl);
    await this.#setUp(connection, resolveControl(base, track.control));
    await connection.request("PLAY", this.#controlUrl, { Session: this.#sessionId, Range: "npt=0.000-" });
    this.#keptAliveMs = performance.now();
    if (options !== undefined && /\bGET_PARAMETER\b/i.test(header(options, "public") ?? "")) {
      this.#keepAliveMethod = "GET_PARAMETER";
    }
    return undefined;
  }

  async #setUp(connection: RtspConnection, url: string): Promise<void> {
    this.#channel = 0; // packets may overtake the answer
    const transport = "RTP/AVP/TCP;unicast;interleaved=0-1";
    const setup: RtspResponse = await connection.request("SETUP", url, { Transport: transport });
    const session = header(setup, "session");
    if (session === undefined) {
      throw new CameraRefusedError("the camera answered SETUP without a session", "update the camera's firmware");
    }
    const { id, timeoutSeconds } = parseSession(session);
    this.#sessionId = id;
    this.#keepAliveIntervalMs = (timeoutSeconds * 1000) / 2;
    this.#channel = parseTransportPair(header(setup, "transport"), "interleaved")?.[0] ?? 0;
  }

  #connect(): RtspConnection {
    if (this.#url.secure) {
      throw new CameraRefusedError("rtsps:// is not supported yet", "use the camera's rtsp:// URL");
    }
    const connection = new RtspConnection(this.#sockets, this.#url, {
      packet: (channel, bytes, start, end) => {
        if (channel === this.#channel) this.#handler.rtp(bytes, start, end);
        else if (channel === this.#channel + 1) this.#handler.rtcp(bytes, start, end);
      },
      batchEnd: () => this.#handler.batchEnd(),
      heard: () => this.#handler.heard(),
      closed: (error) => {
        if (!this.#isOpen || this.#isClosed || connection !== this.#connection) return;
        this.#isClosed = true;
        this.#handler.closed(error);
      },
    });
    this.#connection = connection;
    return connection;
  }

  /** Goes on at another URL, with the user and password that were given for the first one. */
  #redirect(location: string): void {
    this.#connection?.close();
    let next: RtspUrl;
    try {
      next = parseRtspUrl(location);
    } catch (error) {
      throw new CameraRefusedError("the camera redirects to something that is no RTSP URL", "check the camera's url", {
        cause: error,
      });
    }
    const { user, password } = this.#url;
    this.#url = user === undefined ? next : { ...next, user, password: password ?? "" };
    this.#channel = NO_CHANNEL;
  }
}

/** Servers without OPTIONS exist; what it would have told is only a preference. */
function ignoreRefusal(error: unknown): undefined {
  if (error instanceof CameraRefusedError && !error.message.startsWith("401")) return undefined;
  throw error;
}
