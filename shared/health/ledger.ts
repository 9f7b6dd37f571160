import type { Condition, ConditionEvent, Finding, PastCondition } from "./condition.ts";

/** What is kept of a condition. */
export interface LedgerEntry {
  condition: Condition;
  /** noticed: too short ago to count. open: it counts. over: it has ended, which is remembered for an hour. */
  state: "noticed" | "open" | "over";
  /** ms since the Unix epoch: noticed, begun or over since. */
  stateMs: number;
  /** ms since the Unix epoch: an open one has not been found since. */
  goneMs?: number;
  /** How often it began, without an hour of peace in between. */
  episodes: number;
  /** Its beginning was told. */
  isTold: boolean;
}

/** By what tells conditions apart. */
export type LedgerEntries = Record<string, LedgerEntry>;

/** What a look at the system came to. */
export interface Look {
  findings: readonly Finding[];
  /** Whether it could not be seen if this condition still holds: then it stays as it is. */
  isUnknown(condition: Condition): boolean;
  /** ms since the Unix epoch. */
  nowMs: number;
  patienceMs: number;
  /** Whether somebody is told of the events; what began while nobody was is told as soon as somebody is. */
  tells: boolean;
}

/** What a look changed. */
export interface Advance {
  /** What is to be told of what began and ended. */
  events: ConditionEvent[];
  /** What has ended, told or not. */
  ended: PastCondition[];
}

const FORGET_MS = 3_600_000;
/** The end of what comes and goes is waited for up to 32 times as long. */
const MOST_DOUBLINGS = 5;

/**
 * Makes conditions of findings. One begins when it was found for as long as the patience lasts, and ends when it was
 * not found for as long; each time that it comes back within an hour, its end is waited for twice as long, so that what
 * flaps is one long condition and no storm of news. Pure: the time is given, and all that it knows can be kept elsewhere.
 */
export class HealthLedger {
  entries: LedgerEntries;

  constructor(entries: LedgerEntries = {}) {
    this.entries = entries;
  }

  /** What is wrong: errors first, the oldest first. */
  conditions(): Condition[] {
    return Object.values(this.entries)
      .filter(({ state }) => state === "open")
      .map(({ condition }) => condition)
      .sort(byWeight);
  }

  /** Takes in a look. */
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
    kept.stateMs = Math.min(kept.stateMs, nowMs); // a clock that was set back must not make it wait
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
    const doublings = Math.min(entry.episodes - 1, MOST_DOUBLINGS);
    if (nowMs - entry.goneMs < patienceMs * 2 ** doublings) return;
    if (entry.isTold) events.push({ event: "ended", atMs: nowMs, condition: { ...entry.condition } });
    ended.push(past(entry.condition, entry.goneMs));
    Object.assign(entry, { state: "over", stateMs: nowMs, isTold: false });
    delete entry.goneMs;
  }

  /** What went away before it counted: only that it was there before is remembered. */
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
  // Its beginning may come from a clock that is ahead of this one.
  const untilMs = Math.max(goneMs, Date.parse(condition.since));
  return { ...condition, until: new Date(untilMs).toISOString() };
}

function byWeight(a: Condition, b: Condition): number {
  if (a.severity !== b.severity) return a.severity === "error" ? -1 : 1;
  return a.since < b.since ? -1 : a.since > b.since ? 1 : 0;
}
