import { Changing } from "../ui/store.ts";
import { readSystem } from "./client.ts";
import type { SystemStatus } from "./types.ts";

/** How often to read the state: bit rates, frame times and disks change without an event. */
const REFRESH_MS = 10_000;
const EVENT_DELAY_MS = 150;

/** The system's state: read at the start, after events, and every ten seconds while the page is visible. */
export class SystemState extends Changing {
  #status: SystemStatus | undefined;
  #version = "";
  #problem: string | undefined;
  #timer = 0;
  #reading = false;

  /** undefined until the first answer. While the api is away, the last known status stays. */
  get status(): SystemStatus | undefined {
    return this.#status;
  }

  get version(): string {
    return this.#version;
  }

  /** Why the last request failed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  start(): void {
    void this.#read();
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.readSoon();
    });
  }

  /** Reads the state again; several calls at once cause one request. */
  readSoon(): void {
    this.#schedule(EVENT_DELAY_MS);
  }

  #schedule(delayMs: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#read(), delayMs);
  }

  async #read(): Promise<void> {
    if (this.#reading || (document.hidden && this.#status !== undefined)) return this.#schedule(REFRESH_MS);
    this.#reading = true;
    try {
      const { status, version } = await readSystem();
      this.#status = status;
      this.#version = version;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
    }
    this.#reading = false;
    this.#schedule(this.#status === undefined ? 2000 : REFRESH_MS);
    this.changed();
  }
}
