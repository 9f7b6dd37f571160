import { whyLiveIsRefused } from "../client/client.ts";

/** The message that the api sends before a stream. */
export interface StreamStart {
  type: "start";
  /** RFC 6381, or `mpeg1video`. */
  codec: string;
  /** The capture time of media time 0, ms since the Unix epoch; H.264 only. */
  startTimeMs?: number;
}

export interface LiveSocketListener {
  onOpen(): void;
  /** A stream begins: the first, or a new one after the pictures' parameters changed. */
  onStart(start: StreamStart): void;
  onBytes(bytes: ArrayBuffer): void;
  /** The connection was lost or refused, and is being retried; `reason` is the api's explanation, or empty. */
  onAway(reason: string): void;
  /**
   * Connecting failed several times in a row although the api answers; `advice` is what to set. It is being retried.
   */
  onRefused(advice: string): void;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8000;
/** Number of failed attempts that count as refused: a single one may fail because the api is restarting. */
const REFUSED_AFTER = 2;
/** A stream without a frame for this long is requested again: the connection may be dead without an error. */
const SILENCE_MS = 10_000;

/** The connection that carries a camera's live stream; reconnects whenever it breaks, until it is closed. */
export class LiveSocket {
  readonly #camera: string;
  readonly #url: string;
  readonly #listener: LiveSocketListener;
  #socket: WebSocket | undefined;
  /** Number of connections in a row that never opened. */
  #unopened = 0;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;
  #retryTimer = 0;
  #silenceTimer = 0;

  constructor(camera: string, codec: "h264" | "mpeg1", listener: LiveSocketListener) {
    const url = new URL(`/api/1/camera/${camera}/live?codec=${codec}`, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#camera = camera;
    this.#url = url.href;
    this.#listener = listener;
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  #drop(): void {
    window.clearTimeout(this.#retryTimer);
    window.clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** Reconnects: what was received cannot be continued. */
  restart(): void {
    this.#lost("");
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#awaitFrame();
    this.#unopened++;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#unopened = 0;
      this.#listener.onOpen();
    });
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.#socket) return;
      this.#awaitFrame();
      if (typeof data === "string") {
        this.#retryMs = FIRST_RETRY_MS;
        this.#listener.onStart(JSON.parse(data) as StreamStart);
      } else {
        this.#listener.onBytes(data);
      }
    });
    socket.addEventListener("close", ({ reason }) => {
      if (socket === this.#socket) this.#lost(reason);
    });
  }

  async #askWhy(): Promise<void> {
    const advice = await whyLiveIsRefused(this.#camera);
    if (advice !== undefined && this.#unopened >= REFUSED_AFTER && !this.#isClosed) this.#listener.onRefused(advice);
  }

  #awaitFrame(): void {
    window.clearTimeout(this.#silenceTimer);
    this.#silenceTimer = window.setTimeout(() => this.#lost("The camera sends no picture."), SILENCE_MS);
  }

  #lost(reason: string): void {
    this.#drop();
    this.#listener.onAway(reason);
    if (this.#unopened >= REFUSED_AFTER) void this.#askWhy();
    this.#retryTimer = window.setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
  }
}
