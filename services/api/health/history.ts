import { type Condition, cameraOf, type PastCondition } from "../../../shared/health/condition.ts";

/** A condition and how long it held; without `until` it still holds. */
export interface LastedCondition extends Omit<PastCondition, "until"> {
  until?: string;
}

/** Which conditions of the history are wanted. */
export interface HistoryQuery {
  /** ms since the Unix epoch; `toMs` excluded. */
  fromMs: number;
  toMs: number;
  /** Only conditions of these cameras; undefined: all, also those of no camera. */
  cameras: readonly string[] | undefined;
}

/** The conditions that held within a time, from those that have ended and those that hold now. */
export function lastedWithin(
  past: readonly PastCondition[],
  present: readonly Condition[],
  { fromMs, toMs, cameras }: HistoryQuery,
): LastedCondition[] {
  const lasting: LastedCondition[] = present.map(({ advice: _, ...condition }) => condition);
  // A condition that ended while Redis was away can be in `past` twice (in the history and waiting to be saved to it),
  // or can have come back with what Redis had saved.
  const known = new Set(lasting.map(nameOf));
  const ended = past.filter((condition) => !known.has(nameOf(condition)) && known.add(nameOf(condition)));
  ended.sort((a, b) => (a.until < b.until ? -1 : a.until > b.until ? 1 : 0));
  return [...ended, ...lasting].filter((condition) => {
    const isMeant = cameras === undefined || cameras.includes(cameraOf(condition) ?? "");
    const untilMs = condition.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(condition.until);
    return isMeant && Date.parse(condition.since) < toMs && untilMs > fromMs;
  });
}

function nameOf({ id, subject, since, message }: LastedCondition): string {
  return JSON.stringify([id, subject, since, message]);
}
