import type { ServiceStatus, StatusStore } from "../status/status-store.ts";

const INTERVAL_MS = 5000;

/** Tells Redis every 5 s that a service runs and how it is; never waits for an answer. */
export class Heartbeat {
  readonly #store: StatusStore;
  readonly #status: Omit<ServiceStatus, "problems">;
  readonly #problems: () => string[];
  readonly #timer: NodeJS.Timeout;

  constructor(store: StatusStore, status: Omit<ServiceStatus, "problems">, problems: () => string[]) {
    this.#store = store;
    this.#status = status;
    this.#problems = problems;
    this.#timer = setInterval(() => this.beat(), INTERVAL_MS);
    this.#timer.unref();
    this.beat();
  }

  /** Tells now, out of turn. */
  beat(): void {
    void this.#store.publishService({ ...this.#status, problems: this.#problems() });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#store.retractService(this.#status);
  }
}
