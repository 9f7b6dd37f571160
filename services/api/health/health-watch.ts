import type { LiveConfig } from "../../../shared/config/config.ts";
import type { Condition, PastCondition } from "../../../shared/health/condition.ts";
import type { HealthStore } from "../../../shared/health/health-store.ts";
import { HealthLedger } from "../../../shared/health/ledger.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { type HistoryQuery, type LastedCondition, lastedWithin } from "./history.ts";
import { formatSaved, mergeSaved, parseSaved, type Saved } from "./saved-health.ts";
import type { SystemMonitor } from "./system-monitor.ts";
import { Webhook } from "./webhook.ts";

export interface HealthWatchParts {
  config: LiveConfig;
  monitor: Pick<SystemMonitor, "judgement">;
  store: HealthStore;
  /** Unique among all processes. */
  instance: string;
  logger: Logger;
  /** How long a process that has never reached Redis waits before it notifies the webhook; a minute unless given. */
  withoutKeeperDelayMs?: number;
}

const LONGEST_INTERVAL_MS = 5000;
const SHORTEST_INTERVAL_MS = 200;
/**
 * Grace period after Redis is back, within which only the last keeper may claim the role: only it knows what it has
 * reported to the webhook meanwhile, and another keeper would report that again.
 */
const LAST_KEEPER_GRACE_MS = 15_000;
/** Not zero: Redis, which knows what an earlier process has reported, may be away only for a moment. */
const WITHOUT_KEEPER_DELAY_MS = 60_000;
/** Maximum number of conditions that ended while Redis was away; the oldest are forgotten. */
const MAX_UNNOTED = 1000;

/** The answer of the history. */
export interface History {
  /** In the order in which they ended; those that still hold come last. */
  conditions: LastedCondition[];
  /** Redis did not answer: the conditions that only it holds are missing. */
  isPartial: boolean;
}

/**
 * Checks the health of the system continuously, so that trouble is noticed even when nobody asks. One of the replicas
 * is the keeper (`HealthStore`): it alone judges and notifies the webhook; the others show what it saved. While Redis
 * is away, each replica judges for itself. The keeper then continues to notify the webhook; so does a process that
 * started without Redis.
 */
export class HealthWatch {
  readonly #parts: HealthWatchParts;
  readonly #ledger = new HealthLedger();
  readonly #webhook: Webhook;
  readonly #startedMs = performance.now();
  /** The conditions that have ended and are not in the history yet. */
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

  /** The conditions that hold: errors first, then by age, the oldest first. */
  conditions(): Condition[] {
    return this.#ledger.conditions();
  }

  /** The conditions that held within a time. Takes no longer than two seconds; never rejects. */
  async history(query: HistoryQuery): Promise<History> {
    // Read before the await: meanwhile these may end, or move from here to the history.
    const [present, unnoted] = [this.conditions(), this.#unnoted];
    const past = await this.#parts.store.past(query.fromMs);
    const conditions = lastedWithin([...(past ?? []), ...unnoted], present, query);
    return { conditions, isPartial: past === undefined };
  }

  /** Messages that the webhook has not accepted yet. */
  get waitingMessages(): number {
    return this.#webhook.waiting.length;
  }

  /** Starts the checks; a further call checks at once. */
  start(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (!this.#isStopped) this.#timer = setTimeout(() => this.start(), this.#intervalMs);
    });
  }

  /** Stops. Waits for the message under way, so that the next keeper does not send it again. */
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
      this.#unnoted = [...this.#unnoted, ...ended].slice(-MAX_UNNOTED);
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

  /** Finds out which process is the keeper, and takes over what it saved. */
  async #findRole(): Promise<void> {
    const nowMs = performance.now();
    const claim = await this.#parts.store.claim(nowMs >= this.#mayClaimMs);
    this.#isRedisAway = claim === undefined;
    if (claim === undefined) {
      if (this.#role === "follower") this.#mayClaimMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#mayClaimMs === Number.POSITIVE_INFINITY) this.#mayClaimMs = nowMs + LAST_KEEPER_GRACE_MS;
    const saved = parseSaved(claim.saved);
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

  /**
   * If it is the keeper and Redis is not away, saves what it knows. Returns false for a follower, or if saving failed.
   */
  async #save(): Promise<boolean> {
    if (this.#role !== "keeper" || this.#isRedisAway) return this.#role !== "follower";
    const noted = new Set(this.#unnoted);
    const isSaved = await this.#parts.store.save(formatSaved(this.#known), [...noted]);
    if (isSaved) this.#unnoted = this.#unnoted.filter((condition) => !noted.has(condition));
    return isSaved;
  }
}
