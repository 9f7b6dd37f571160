import { randomUUID } from "node:crypto";
import type { Condition, ConditionEvent } from "../../../shared/health/condition.ts";
import type { Logger } from "../../../shared/logging/logger.ts";

/** A message that waits to be accepted; it is posted as JSON. */
export interface Delivery {
  /** An id, the same at each attempt. */
  delivery: string;
  event: ConditionEvent["event"];
  /** ISO 8601 UTC: when the event was noticed. */
  at: string;
  system: string;
  condition: Condition;
}

export interface WebhookParts {
  /** The configured URL; undefined when no webhook is wanted. */
  url(): string | undefined;
  logger: Logger;
  /** Timeout of an attempt; 10 s unless given. */
  timeoutMs?: number;
  /** The pause after the first failure; it doubles at each further one, up to five minutes. */
  retryMs(): number;
}

const TIMEOUT_MS = 10_000;
const LONGEST_RETRY_MS = 300_000;
const GIVE_UP_MS = 86_400_000;
const MAX_WAITING = 1000;

/**
 * Posts messages one after the other, each until it is accepted (any 2xx): later ones wait, so that no condition's end
 * is reported before its beginning. The messages are in a list here and not in a BullMQ queue, since the absence of
 * Redis must be reported, too. A message that was not accepted within a day is dropped.
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
    if (this.waiting.length <= MAX_WAITING) return;
    this.#parts.logger.warn(`the webhook accepts nothing: ${this.waiting.length - MAX_WAITING} messages were dropped`);
    this.waiting.splice(0, this.waiting.length - MAX_WAITING);
  }

  /**
   * Sends the waiting messages, unless that is under way or the pause after a failure is not over. `accepted` is
   * called after each message that was accepted, and returns whether to continue. Never rejects.
   */
  send(accepted: () => Promise<boolean>): Promise<void> {
    this.#sending ??= this.#sendAll(accepted).finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Waits for the message under way, no longer than the timeout of an attempt. */
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
      // The list may have been replaced meanwhile.
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
  // fetch refuses a URL that contains user and password.
  if (target.username !== "" || target.password !== "") {
    const login = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    headers.Authorization = `Basic ${Buffer.from(login).toString("base64")}`;
    target.username = target.password = "";
  }
  const { severity, subject, message: text } = message.condition;
  const began = message.event === "began" ? severity : "over";
  const body = JSON.stringify({ ...message, text: `${began}: ${subject}: ${text}` });
  try {
    // Following a redirect would turn the POST into a GET.
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(target, { method: "POST", headers, body, redirect: "manual", signal });
    await response.body?.cancel();
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return cause?.code ?? (name === "TimeoutError" ? "no answer in time" : name);
  }
}
