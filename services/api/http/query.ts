import type { Request } from "express";
import { isDay } from "../../../shared/time/minute.ts";
import { excerpt, invalidDate, Problem } from "./problem.ts";

const INSTANT_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** The value of a query parameter, or undefined. Throws Problem 400 when it is given twice. */
export function single(req: Request, name: string): string | undefined {
  const value: unknown = req.query[name];
  if (value === undefined || typeof value === "string") return value;
  throw new Problem("bad-request", 400, `The parameter "${name}" may be given once only.`);
}

/** Whether a parameter is given and not false: `?download`, `?download=1`; not `?download=0` or `=false`. */
export function flag(req: Request, name: string): boolean {
  const value = single(req, name);
  return value !== undefined && value !== "0" && value !== "false";
}

/** The ids in `camera_ids=a,b` (also when the parameter is repeated), each once; undefined when there are none. */
export function cameraIds(req: Request): string[] | undefined {
  const value: unknown = req.query.camera_ids;
  if (value === undefined) return undefined;
  const ids = new Set([value].flat().join(",").split(","));
  ids.delete("");
  return ids.size === 0 ? undefined : [...ids];
}

/** A day written YYYYMMDD, or YYMMDD of this century. Throws Problem 400 when the calendar has no such day. */
export function parseDay(text: string): string {
  const day = fullDay(text);
  if (day === undefined) throw invalidDate(text);
  return day;
}

/** As `parseDay`, undefined when there is no such day. */
export function fullDay(text: string): string | undefined {
  const day = text.length === 6 ? `20${text}` : text;
  return isDay(day) ? day : undefined;
}

/**
 * An instant of ISO 8601 with its zone (`2026-11-24T14:33:00Z`, `2026-11-24T15:33+01:00`), ms since the Unix epoch.
 * Throws Problem 400, also for a time without a zone, which could only be guessed. (In a query, `+` must be sent as
 * `%2B`.)
 */
export function parseInstant(text: string, name: string): number {
  const timeMs = INSTANT_PATTERN.test(text) ? Date.parse(text) : Number.NaN;
  const daysInMonth = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  if (Number.isNaN(timeMs) || Number(text.slice(8, 10)) > daysInMonth) {
    const detail = `"${excerpt(text)}" is no time for "${name}": write ISO 8601 with its zone, as 2026-11-24T14:33:00Z.`;
    throw new Problem("invalid-time", 400, detail);
  }
  return timeMs;
}
