import { type Condition, cameraOf } from "../../../../../shared/health/condition.ts";
import type { readConditions } from "../client/client.ts";
import { UTC_DAY_MS, utcDayNumber } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";

/** A condition and when it lasted; `toMs` is undefined while it lasts. */
export interface ConditionSpan {
  condition: Omit<Condition, "advice">;
  fromMs: number;
  toMs: number | undefined;
}

const MAX_JUST_ENDED = 500;
/** Maximum number of days that the api lists at once. */
const MAX_DAYS = 31;
const RETRY_MS = 10_000;

/** Which conditions there were and when: the present ones, and of the days that were viewed those that have ended. */
export class ConditionSpans extends Changing {
  #present: readonly ConditionSpan[] = [];
  /** Those that have ended since the page was opened, until the history includes them. */
  #justEnded: readonly ConditionSpan[] = [];
  /** By the number of the UTC day: ended conditions that lasted on it. */
  readonly #days = new Map<number, readonly ConditionSpan[]>();
  /** The days of which all ended conditions are known. */
  readonly #known = new Set<number>();
  /** All conditions in `#days`, each once, by camera (or undefined). */
  #history: ReadonlyMap<string | undefined, readonly ConditionSpan[]> = new Map();
  #isReading = false;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  readonly #readConditions: typeof readConditions;

  constructor(read: typeof readConditions) {
    super();
    this.#readConditions = read;
  }

  /** Takes over the conditions that are present at a time. */
  follow(conditions: readonly Condition[], nowMs: number): void {
    const now = new Set(conditions.map(keyOf));
    const gone = this.#present.filter(({ condition }) => !now.has(keyOf(condition)));
    this.#justEnded = [...this.#justEnded, ...gone.map((span) => ({ ...span, toMs: nowMs }))].slice(-MAX_JUST_ENDED);
    this.#present = conditions.map((condition) => ({
      condition,
      fromMs: Date.parse(condition.since),
      toMs: undefined,
    }));
    this.changed();
  }

  /** A condition has ended: the history of the days on which it lasted is read again when it is next needed. */
  onEnd({ since }: Pick<Condition, "since">): void {
    const first = utcDayNumber(Date.parse(since));
    for (const day of this.#known) if (day >= first) this.#known.delete(day);
    this.changed();
  }

  /** Marks everything as outdated: it is read again when it is next needed, and stays visible until then. */
  refresh(): void {
    this.#known.clear();
    this.changed();
  }

  /** Requests the ended conditions of the days within a period, as far as they are unknown. */
  want(fromMs: number, toMs: number, nowMs: number): void {
    if (this.#isReading || nowMs < this.#retryAtMs) return;
    const last = utcDayNumber(Math.min(toMs, nowMs));
    const missing: number[] = [];
    for (let day = last; day >= utcDayNumber(fromMs); day--) if (!this.#known.has(day)) missing.push(day);
    const [newest] = missing;
    const oldest = missing.findLast((day) => newest !== undefined && newest - day < MAX_DAYS);
    if (newest !== undefined && oldest !== undefined) void this.#read(oldest, newest, nowMs);
  }

  /**
   * The conditions of a camera, or without one those of no camera, that overlap a period, ordered by their beginnings.
   */
  between(camera: string | undefined, fromMs: number, toMs: number): ConditionSpan[] {
    const recent = [...this.#present, ...this.#justEnded].filter(({ condition }) => cameraOf(condition) === camera);
    return [...(this.#history.get(camera) ?? []), ...recent]
      .filter((span) => span.fromMs < toMs && (span.toMs ?? Number.POSITIVE_INFINITY) > fromMs)
      .sort((a, b) => a.fromMs - b.fromMs);
  }

  get any(): boolean {
    return this.#present.length + this.#justEnded.length + this.#history.size > 0;
  }

  async #read(firstDay: number, lastDay: number, nowMs: number): Promise<void> {
    this.#isReading = true;
    const days = Array.from({ length: lastDay - firstDay + 1 }, (_, i) => firstDay + i);
    for (const day of days) this.#known.add(day); // a condition that ends from now on removes its days again
    try {
      const { conditions, partial } = await this.#readConditions(firstDay * UTC_DAY_MS, (lastDay + 1) * UTC_DAY_MS);
      const ended = conditions.flatMap(({ until, ...condition }) =>
        until === undefined ? [] : [{ condition, fromMs: Date.parse(condition.since), toMs: Date.parse(until) }],
      );
      for (const day of days)
        this.#days.set(
          day,
          ended.filter(({ fromMs, toMs }) => isOn(day, fromMs, toMs)),
        );
      this.#history = byCamera([...this.#days.values()].flat());
      const listed = new Set(ended.map(({ condition }) => keyOf(condition)));
      this.#justEnded = this.#justEnded.filter(({ condition }) => !listed.has(keyOf(condition)));
      if (partial === true) throw new Error("Redis is away");
    } catch {
      for (const day of days) this.#known.delete(day);
      this.#retryAtMs = nowMs + RETRY_MS;
    }
    this.#isReading = false;
    this.changed();
  }
}

/** Each condition once, by camera or undefined: one that lasted for several days is listed on each of them. */
function byCamera(spans: readonly ConditionSpan[]): Map<string | undefined, ConditionSpan[]> {
  const found = new Map<string | undefined, ConditionSpan[]>();
  const seen = new Set<string>();
  for (const span of spans) {
    const key = JSON.stringify([span.condition, span.toMs]);
    if (seen.has(key)) continue;
    seen.add(key);
    const camera = cameraOf(span.condition);
    const others = found.get(camera);
    if (others === undefined) found.set(camera, [span]);
    else others.push(span);
  }
  for (const others of found.values()) others.sort((a, b) => a.fromMs - b.fromMs);
  return found;
}

function isOn(day: number, fromMs: number, toMs: number): boolean {
  return fromMs < (day + 1) * UTC_DAY_MS && toMs > day * UTC_DAY_MS;
}

function keyOf({ id, subject, since }: Pick<Condition, "id" | "subject" | "since">): string {
  return `${id} ${subject} ${since}`;
}
