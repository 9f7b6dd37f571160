import { Changing } from "../ui/store.ts";
import type { ConditionEvent, MinuteEvent } from "./types.ts";

export interface FeedListener {
  /** There is a new minute, or a minute has new pictures. */
  onMinute(minute: MinuteEvent): void;
  /** A condition began or ended. */
  onCondition(event: ConditionEvent): void;
  /** A camera's state or the system's health has changed. */
  onStateChange(): void;
  /** The stream is open: whatever was read before may be outdated, also at the first opening. */
  onOpen(): void;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 10_000;
/** The api sends a comment every 15 s, but scripts cannot see comments: we detect that a laptop slept by its clock. */
const WATCH_MS = 5000;

/**
 * The page's only stream of server-sent events, and whether the api can be reached. EventSource reconnects by itself
 * after a broken connection, but gives up for good on an error status (a proxy's 502 while the api restarts): then we
 * make a new one.
 */
export class EventFeed extends Changing {
  readonly #listener: FeedListener;
  #source: EventSource | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer = 0;
  #online = true;
  #offlineSinceMs: number | undefined;

  constructor(listener: FeedListener) {
    super();
    this.#listener = listener;
  }

  /** False from the moment the connection breaks until it is open again. */
  get online(): boolean {
    return this.#online;
  }

  /** When the connection was lost, ms since the Unix epoch. */
  get offlineSinceMs(): number | undefined {
    return this.#offlineSinceMs;
  }

  start(): void {
    this.#connect();
    window.addEventListener("online", () => this.retryNow());
    let lastMs = Date.now();
    window.setInterval(() => {
      const nowMs = Date.now();
      if (nowMs - lastMs > 6 * WATCH_MS) this.retryNow(); // the computer slept: the connection is dead, unnoticed
      lastMs = nowMs;
    }, WATCH_MS);
  }

  retryNow(): void {
    this.#retryMs = FIRST_RETRY_MS;
    this.#connect();
  }

  #connect(): void {
    window.clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource("/api/1/events");
    this.#source = source;
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("error", () => this.#failed(source));
    source.addEventListener("minute", (event) => this.#listener.onMinute(JSON.parse(event.data) as MinuteEvent));
    source.addEventListener("condition", (event) =>
      this.#listener.onCondition(JSON.parse(event.data) as ConditionEvent),
    );
    source.addEventListener("camera", () => this.#listener.onStateChange());
    source.addEventListener("health", () => this.#listener.onStateChange());
  }

  #opened(): void {
    this.#retryMs = FIRST_RETRY_MS;
    this.#listener.onOpen();
    this.#setOnline(true);
  }

  #failed(source: EventSource): void {
    if (source !== this.#source) return;
    source.close();
    this.#setOnline(false);
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 1.7);
  }

  #setOnline(online: boolean): void {
    if (this.#online === online) return;
    this.#online = online;
    this.#offlineSinceMs = online ? undefined : Date.now();
    this.changed();
  }
}
