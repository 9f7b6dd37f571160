import { randomUUID } from "node:crypto";
import type { Condition, ConditionEvent } from "../../../shared/health/condition.ts";
import type { Logger } from "../../../shared/logging/logger.ts";

/** A message that waits to be accepted: what is posted as JSON. */
export interface Delivery {
  /** The same at each attempt. */
  delivery: string;
  event: ConditionEvent["event"];
  /** ISO 8601 UTC: when it was noticed. */
  at: string;
  system: string;
  condition: Condition;
}

export interface WebhookParts {
  /** The URL in force; undefined: nobody is told. */
  url(): string | undefined;
  logger: Logger;
  /** An answer that takes longer is a failure; 10 s unless told. */
  timeoutMs?: number;
  /** The pause after a first failure; doubled at each further one, up to five minutes. */
  retryMs(): number;
}

const TIMEOUT_MS = 10_000;
const LONGEST_RETRY_MS = 300_000;
const GIVE_UP_MS = 86_400_000;
const MOST_WAITING = 1000;

/**
 * Posts messages one after the other, each until it is accepted (any 2xx): a later one waits behind it, so that no end is
 * told before its beginning. Kept in the sender's own list and not in a BullMQ queue, since that Redis is away has to be told,
 * too. A message that nobody accepted for a day is dropped.
 */
export class Webhook {
  waiting: Delivery[] = [];
  readonly #parts: WebhookParts;
  #failures = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> | undefined;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  get isWanted(): boolean {
    return this.#parts.url() !== undefined;
  }

  add(events: readonly ConditionEvent[]): void {
    for (const { event, atMs, condition } of events) {
      const at = new Date(atMs).toISOString();
      this.waiting.push({ delivery: randomUUID(), event, at, system: "Hindsight", condition });
    }
    if (this.waiting.length <= MOST_WAITING) return;
    this.#parts.logger.warn(`the webhook accepts nothing: ${this.waiting.length - MOST_WAITING} messages were dropped`);
    this.waiting.splice(0, this.waiting.length - MOST_WAITING);
  }

  /**
   * Sends what waits, unless that is under way or a pause after a failure is not over. `accepted` is called after each message
   * that went, and says whether to go on. Never rejects.
   */
  send(accepted: () => Promise<boolean>): Promise<void> {
    this.#sending ??= this.#sendAll(accepted).finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Waits for the message that is under way; no longer than the time limit of an answer. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(accepted: () => Promise<boolean>): Promise<void> {
    for (let goesOn = true; goesOn && performance.now() >= this.#retryAtMs; ) {
      this.#dropOld();
      const [message] = this.waiting;
      const url = this.#parts.url();
      if (message === undefined || url === undefined) return;
      const failure = await post(url, message, this.#parts.timeoutMs ?? TIMEOUT_MS);
      if (failure !== undefined) return this.#failed(url, failure);
      if (this.#failures > 0) this.#parts.logger.info(`the webhook at ${new URL(url).host} accepts messages again`);
      this.#failures = 0;
      // The list may have been exchanged meanwhile.
      this.waiting = this.waiting.filter(({ delivery }) => delivery !== message.delivery);
      goesOn = await accepted();
    }
  }

  #failed(url: string, failure: string): void {
    if (this.#failures === 0) {
      const todo = "it is tried again; correct health.webhookUrl if that lasts";
      this.#parts.logger.warn(`the webhook at ${new URL(url).host} does not accept a message (${failure}): ${todo}`);
    }
    const pauseMs = Math.min(LONGEST_RETRY_MS, this.#parts.retryMs() * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    this.#retryAtMs = performance.now() + pauseMs;
  }

  #dropOld(): void {
    const limitMs = Date.now() - GIVE_UP_MS;
    const kept = this.waiting.filter(({ at }) => Date.parse(at) >= limitMs);
    if (kept.length === this.waiting.length) return;
    this.#parts.logger.warn(
      `the webhook accepted nothing for a day: ${this.waiting.length - kept.length} messages were dropped`,
    );
    this.waiting = kept;
  }
}

/** Posts a message. Returns what went wrong, without the URL; undefined when it was accepted. Never rejects. */
async function post(url: string, message: Delivery, timeoutMs: number): Promise<string | undefined> {
  const target = new URL(url);
  const headers: Record<string, string> = { "Content-Type": "application/json", "Idempotency-Key": message.delivery };
  // fetch refuses a URL that holds user and password.
  if (target.username !== "" || target.password !== "") {
    const login = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    headers.Authorization = `Basic ${Buffer.from(login).toString("base64")}`;
    target.username = target.password = "";
  }
  const { severity, subject, message: text } = message.condition;
  const began = message.event === "began" ? severity : "over";
  const body = JSON.stringify({ ...message, text: `${began}: ${subject}: ${text}` });
  try {
    // A redirect would make a GET of it.
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(target, { method: "POST", headers, body, redirect: "manual", signal });
    await response.body?.cancel();
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return cause?.code ?? (name === "TimeoutError" ? "no answer in time" : name);
  }
}
