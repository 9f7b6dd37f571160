import type { ServiceStatus, StatusStore } from "../status/status-store.ts";

const INTERVAL_MS = 5000;

/** The parts of the status that change while a service runs. */
type News = Pick<ServiceStatus, "problems" | "refusedConfiguration" | "foldersNotSynced" | "forecasts">;

/** Publishes every 5 s in Redis that a service runs, and its status; never waits for an answer. */
export class Heartbeat {
  readonly #store: StatusStore;
  readonly #status: Omit<ServiceStatus, keyof News>;
  readonly #news: () => News;
  readonly #timer: NodeJS.Timeout;

  constructor(store: StatusStore, status: Omit<ServiceStatus, keyof News>, news: () => News) {
    this.#store = store;
    this.#status = status;
    this.#news = news;
    this.#timer = setInterval(() => this.beat(), INTERVAL_MS);
    this.#timer.unref();
    this.beat();
  }

  /** Publishes now instead of at the next interval. */
  beat(): void {
    void this.#store.publishService({ ...this.#status, ...this.#news() });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#store.retractService(this.#status);
  }
}
