import type { Condition, ConditionEvent, Finding, PastCondition } from "./condition.ts";

/** What is stored of a condition. */
export interface LedgerEntry {
  condition: Condition;
  /**
   * noticed: found too recently to be a condition. open: a condition. over: it has ended, which is remembered for an
   * hour.
   */
  state: "noticed" | "open" | "over";
  /** ms since the Unix epoch: when it entered this state. */
  stateMs: number;
  /** ms since the Unix epoch: since when an open one is no longer found. */
  goneMs?: number;
  /** How often it began, without an hour in between in which it was not found. */
  episodes: number;
  /** Whether its begin was reported. */
  isTold: boolean;
}

/** Keyed by what distinguishes conditions (see `keyOf`). */
export type LedgerEntries = Record<string, LedgerEntry>;

/** The result of a check of the system. */
export interface Look {
  findings: readonly Finding[];
  /** Whether the check could not see if this condition still holds: then it stays as it is. */
  isUnknown(condition: Condition): boolean;
  /** ms since the Unix epoch. */
  nowMs: number;
  patienceMs: number;
  /**
   * Whether events are reported to anybody; conditions that began while they were not are reported as soon as they are.
   */
  tells: boolean;
}

/** What a check changed. */
export interface Advance {
  /** Begins and ends to report. */
  events: ConditionEvent[];
  /** What has ended, reported or not. */
  ended: PastCondition[];
}

const FORGET_MS = 3_600_000;
/** Maximum doublings of the time after which a recurring condition ends: 2^5 = 32 times the patience. */
const MAX_DOUBLINGS = 5;

/**
 * Turns findings into conditions. A condition begins when it was found throughout the patience, and ends when it was
 * not found for as long. Each time it recurs within an hour, the time until its end doubles, so that a flapping
 * condition is one long condition instead of many messages. Pure: the time is a parameter, and the whole state can be
 * stored elsewhere.
 */
export class HealthLedger {
  entries: LedgerEntries;

  constructor(entries: LedgerEntries = {}) {
    this.entries = entries;
  }

  /** The open conditions: errors first, then the oldest first. */
  conditions(): Condition[] {
    return Object.values(this.entries)
      .filter(({ state }) => state === "open")
      .map(({ condition }) => condition)
      .sort(byWeight);
  }

  /** Processes the result of a check. */
  advance(look: Look): Advance {
    const found = new Map(look.findings.map((finding) => [keyOf(finding), finding]));
    for (const [key, finding] of found) this.#find(key, finding, look);
    const advance: Advance = { events: [], ended: [] };
    for (const [key, entry] of Object.entries(this.entries)) {
      if (!found.has(key)) this.#miss(key, entry, look, advance);
      if (entry.state === "open" && look.tells && !entry.isTold) {
        entry.isTold = true;
        advance.events.push({ event: "began", atMs: look.nowMs, condition: { ...entry.condition } });
      }
    }
    return advance;
  }

  #find(key: string, finding: Finding, { nowMs, patienceMs }: Look): void {
    const entry = this.entries[key];
    if (entry?.state !== "open" && finding.isNear === true) {
      if (entry?.state === "noticed") this.#forget(key, entry, nowMs);
      return;
    }
    if (entry === undefined || entry.state === "over") {
      const condition = conditionOf(finding, finding.since ?? new Date(nowMs).toISOString());
      const episodes = entry?.episodes ?? 0;
      this.entries[key] = { condition, state: "noticed", stateMs: nowMs, episodes, isTold: false };
    } else {
      entry.condition = conditionOf(finding, entry.condition.since);
      delete entry.goneMs;
    }
    const kept = this.entries[key] as LedgerEntry;
    if (kept.state !== "noticed") return;
    kept.stateMs = Math.min(kept.stateMs, nowMs); // if the clock was set back, it must not wait for longer
    if (finding.isSettled !== true && nowMs - kept.stateMs < patienceMs) return;
    Object.assign(kept, { state: "open", stateMs: nowMs, episodes: kept.episodes + 1 });
  }

  #miss(key: string, entry: LedgerEntry, { nowMs, patienceMs, isUnknown }: Look, { events, ended }: Advance): void {
    if (entry.state === "over") {
      entry.stateMs = Math.min(entry.stateMs, nowMs);
      if (nowMs - entry.stateMs >= FORGET_MS) delete this.entries[key];
      return;
    }
    if (isUnknown(entry.condition)) return;
    if (entry.state === "noticed") {
      this.#forget(key, entry, nowMs);
      return;
    }
    entry.goneMs = Math.min(entry.goneMs ?? nowMs, nowMs);
    const doublings = Math.min(entry.episodes - 1, MAX_DOUBLINGS);
    if (nowMs - entry.goneMs < patienceMs * 2 ** doublings) return;
    if (entry.isTold) events.push({ event: "ended", atMs: nowMs, condition: { ...entry.condition } });
    ended.push(past(entry.condition, entry.goneMs));
    Object.assign(entry, { state: "over", stateMs: nowMs, isTold: false });
    delete entry.goneMs;
  }

  /** Forgets a finding that ended before it became a condition; only the number of earlier episodes is kept. */
  #forget(key: string, entry: LedgerEntry, nowMs: number): void {
    if (entry.episodes === 0) delete this.entries[key];
    else Object.assign(entry, { state: "over", stateMs: nowMs });
  }
}

function keyOf({ id, subject, detail }: Finding): string {
  return JSON.stringify(detail === undefined ? [id, subject] : [id, subject, detail]);
}

function conditionOf({ id, severity, subject, message, advice }: Finding, since: string): Condition {
  return { id, severity, subject, since, message, advice };
}

function past({ advice: _, ...condition }: Condition, goneMs: number): PastCondition {
  // It may have begun by a clock that is ahead of this one.
  const untilMs = Math.max(goneMs, Date.parse(condition.since));
  return { ...condition, until: new Date(untilMs).toISOString() };
}

function byWeight(a: Condition, b: Condition): number {
  if (a.severity !== b.severity) return a.severity === "error" ? -1 : 1;
  return a.since < b.since ? -1 : a.since > b.since ? 1 : 0;
}
