import type { LiveConfig } from "../../../shared/config/config.ts";
import type { Condition, PastCondition } from "../../../shared/health/condition.ts";
import type { HealthStore } from "../../../shared/health/health-store.ts";
import { HealthLedger } from "../../../shared/health/ledger.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { type HistoryQuery, type LastedCondition, lastedWithin } from "./history.ts";
import { mergeSaved, readSaved, type Saved, writeSaved } from "./saved-health.ts";
import type { SystemMonitor } from "./system-monitor.ts";
import { Webhook } from "./webhook.ts";

export interface HealthWatchParts {
  config: LiveConfig;
  monitor: Pick<SystemMonitor, "judgement">;
  store: HealthStore;
  /** Unique among all processes. */
  instance: string;
  logger: Logger;
  /** One that has never reached Redis tells the webhook by itself after so long; a minute unless given. */
  withoutKeeperDelayMs?: number;
}

const LONGEST_INTERVAL_MS = 5000;
const SHORTEST_INTERVAL_MS = 200;
/**
 * When Redis is back, only the last keeper may claim the role for so long: what it told the webhook meanwhile, only it knows, and
 * another keeper would tell it again.
 */
const LAST_KEEPER_GRACE_MS = 15_000;
/** Not at once: Redis knows what an earlier process told, and may be a moment away. */
const WITHOUT_KEEPER_DELAY_MS = 60_000;
/** Of what ends while Redis is away, the newest are remembered. */
const MOST_UNNOTED = 1000;

/** What the history has. */
export interface History {
  /** In the order in which they ended; those that last come last. */
  conditions: LastedCondition[];
  /** Redis does not answer: what it holds is missing. */
  isPartial: boolean;
}

/**
 * Looks after the health of the system all the time, so that it is noticed also while nobody asks. Of all replicas one is
 * the keeper (`HealthStore`): it alone judges, and tells the webhook; the others show what it saved. While Redis is away each
 * judges for itself, and the keeper goes on telling; so does one that has started without Redis.
 */
export class HealthWatch {
  readonly #parts: HealthWatchParts;
  readonly #ledger = new HealthLedger();
  readonly #webhook: Webhook;
  readonly #startedMs = performance.now();
  /** What has ended and is not in the history yet. */
  #unnoted: PastCondition[] = [];
  #role: "unknown" | "keeper" | "follower" = "unknown";
  #isRedisAway = true;
  #mayClaimMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
    this.#webhook = new Webhook({
      url: () => parts.config.current.health.webhookUrl,
      retryMs: () => this.#intervalMs,
      logger: parts.logger,
    });
  }

  /** What is wrong: errors first, the oldest first. */
  conditions(): Condition[] {
    return this.#ledger.conditions();
  }

  /** The conditions that lasted within a time. Takes no longer than two seconds; never rejects. */
  async history(query: HistoryQuery): Promise<History> {
    // Now: while Redis is asked they may end, or be noted and gone from here.
    const [present, unnoted] = [this.conditions(), this.#unnoted];
    const past = await this.#parts.store.past(query.fromMs);
    const conditions = lastedWithin([...(past ?? []), ...unnoted], present, query);
    return { conditions, isPartial: past === undefined };
  }

  /** Messages that the webhook has not accepted yet. */
  get waitingMessages(): number {
    return this.#webhook.waiting.length;
  }

  /** Begins to look; a further call looks at once. */
  start(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (!this.#isStopped) this.#timer = setTimeout(() => this.start(), this.#intervalMs);
    });
  }

  /** Ends; a message that is under way is waited for, so that whoever comes next does not send it again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#webhook.settled();
    await this.#parts.store.release();
  }

  get #intervalMs(): number {
    const third = this.#parts.config.current.health.patienceMs / 3;
    return Math.max(SHORTEST_INTERVAL_MS, Math.min(LONGEST_INTERVAL_MS, third));
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    try {
      const { findings, isUnknown } = await this.#parts.monitor.judgement();
      await this.#findRole();
      if (this.#role === "follower" && !this.#isRedisAway) return;
      const { patienceMs } = this.#parts.config.current.health;
      const tells = this.#tells;
      const { events, ended } = this.#ledger.advance({ findings, isUnknown, nowMs: Date.now(), patienceMs, tells });
      this.#unnoted = [...this.#unnoted, ...ended].slice(-MOST_UNNOTED);
      if (tells) this.#webhook.add(events);
      else if (!this.#webhook.isWanted) this.#webhook.waiting = [];
      await this.#save();
      if (tells) void this.#webhook.send(async () => (await this.#save()) && this.#tells && !this.#isStopped);
    } catch (error) {
      this.#parts.logger.warn("looking after the health failed", { error });
    }
  }

  get #tells(): boolean {
    if (!this.#webhook.isWanted || this.#role === "follower") return false;
    return (
      this.#role === "keeper" ||
      performance.now() - this.#startedMs > (this.#parts.withoutKeeperDelayMs ?? WITHOUT_KEEPER_DELAY_MS)
    );
  }

  /** Finds out who is the keeper, and takes over what that one knows. */
  async #findRole(): Promise<void> {
    const nowMs = performance.now();
    const claim = await this.#parts.store.claim(nowMs >= this.#mayClaimMs);
    this.#isRedisAway = claim === undefined;
    if (claim === undefined) {
      if (this.#role === "follower") this.#mayClaimMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#mayClaimMs === Number.POSITIVE_INFINITY) this.#mayClaimMs = nowMs + LAST_KEEPER_GRACE_MS;
    const saved = readSaved(claim.saved);
    if (claim.isKeeper && saved.keeper !== this.#parts.instance) this.#take(mergeSaved(saved, this.#known));
    if (!claim.isKeeper && saved.keeper !== undefined) this.#take(saved);
    this.#role = claim.isKeeper ? "keeper" : "follower";
    if (this.#role === "follower") this.#unnoted = []; // the keeper has seen the same
  }

  get #known(): Saved {
    return { keeper: this.#parts.instance, entries: this.#ledger.entries, waiting: this.#webhook.waiting };
  }

  #take({ entries, waiting }: Saved): void {
    this.#ledger.entries = entries;
    this.#webhook.waiting = waiting;
  }

  /** Returns false when another is the keeper, or Redis does not answer. */
  async #save(): Promise<boolean> {
    if (this.#role !== "keeper" || this.#isRedisAway) return this.#role !== "follower";
    const noted = new Set(this.#unnoted);
    const isSaved = await this.#parts.store.save(writeSaved(this.#known), [...noted]);
    if (isSaved) this.#unnoted = this.#unnoted.filter((condition) => !noted.has(condition));
    return isSaved;
  }
}
