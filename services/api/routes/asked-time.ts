import type { Request } from "express";
import { DAY_MS, minuteStartUs } from "../../../shared/time/minute.ts";
import { excerpt, Problem } from "../http/problem.ts";
import { parseDay, parseInstant, single } from "../http/query.ts";

const LONGEST_DAYS = 31;
const MAX_AT_ONCE = 10_000;

/**
 * The time of `day=…` or `from=…&to=…`, half-open, ms since the Unix epoch. Throws Problem 400, also when it is longer
 * than 31 days.
 */
export function askedTime(req: Request): { fromMs: number; toMs: number } {
  const [day, from, to] = [single(req, "day"), single(req, "from"), single(req, "to")];
  if (day !== undefined && from === undefined && to === undefined) {
    const fromMs = (minuteStartUs(`${parseDay(day)}.0000`) as number) / 1000;
    return { fromMs, toMs: fromMs + DAY_MS };
  }
  if (day !== undefined || from === undefined || to === undefined) {
    throw new Problem("bad-request", 400, 'Give either "day" (YYYYMMDD) or both "from" and "to" (ISO 8601 with zone).');
  }
  const [fromMs, toMs] = [parseInstant(from, "from"), parseInstant(to, "to")];
  if (toMs <= fromMs) throw new Problem("invalid-time", 400, '"to" must be later than "from".');
  if (toMs - fromMs > LONGEST_DAYS * DAY_MS) {
    throw new Problem(
      "invalid-time",
      400,
      `At most ${LONGEST_DAYS} days are listed at once; "days" tells where footage is.`,
    );
  }
  return { fromMs, toMs };
}

/** Maximum number of entries on a page of a list, `limit=…`; undefined: no limit. Throws Problem 400. */
export function askedLimit(req: Request): number | undefined {
  const text = single(req, "limit");
  if (text === undefined) return undefined;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_AT_ONCE) return limit;
  throw new Problem("bad-request", 400, `"limit" is a number from 1 to ${MAX_AT_ONCE}, not "${excerpt(text)}".`);
}

/** The address of a list's next page: the same with other times, as a relative reference (RFC 3986 §4.2). */
export function nextPage(req: Request, from: string, to: string | undefined): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(req.query)) {
    if (name !== "day") for (const each of [value].flat()) query.append(name, String(each));
  }
  query.set("from", from);
  if (to !== undefined) query.set("to", to);
  return `?${query.toString().replaceAll("%3A", ":").replaceAll("%2C", ",")}`;
}
