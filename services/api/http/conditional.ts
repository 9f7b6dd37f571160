import type { IncomingHttpHeaders } from "node:http";

/** The properties of a representation that preconditions and ranges refer to. */
export interface Entity {
  /** Length in bytes. */
  length: number;
  /** A strong entity tag, quotes included: it changes whenever the bytes do (RFC 9110 §8.8.3). */
  etag: string;
  /** ms since the Unix epoch; HTTP dates have whole seconds. Without it, only the tag distinguishes states. */
  lastModifiedMs?: number;
}

/** How to answer. `start` and `end` (exclusive) are the bytes to send; a 304, 412 or 416 sends none. */
export interface Answer {
  status: 200 | 206 | 304 | 412 | 416;
  start: number;
  end: number;
}

/**
 * Decides the answer to a GET or HEAD by its preconditions (in the order of RFC 9110 §13.2.2) and its Range (§14.2).
 * A Range that is malformed, in another unit, or has several ranges is ignored, as §14.2 allows: everything is sent.
 * Never throws.
 */
export function decideAnswer(method: string, headers: IncomingHttpHeaders, entity: Entity): Answer {
  const whole: Answer = { status: 200, start: 0, end: entity.length };
  const nothing = (status: 304 | 412 | 416): Answer => ({ status, start: 0, end: 0 });

  const ifMatch = headers["if-match"];
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, entity.etag, "strong")) return nothing(412);
  } else if (isModifiedSince(headers["if-unmodified-since"], entity) === true) {
    return nothing(412);
  }

  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    if (listsTag(ifNoneMatch, entity.etag, "weak")) return nothing(304);
  } else if (isModifiedSince(headers["if-modified-since"], entity) === false) {
    return nothing(304);
  }

  if (method !== "GET" || headers.range === undefined || !ifRangeHolds(text(headers["if-range"]), entity)) return whole;
  const range = parseRange(headers.range, entity.length);
  if (range === "unsatisfiable") return nothing(416);
  return range === undefined ? whole : { status: 206, ...range };
}

/**
 * Parses a single range of bytes (RFC 9110 §14.1.2) into start and exclusive end. "unsatisfiable" when it lies past the
 * end, undefined when the header is not supported.
 */
export function parseRange(
  header: string,
  length: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (match === null) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? "unsatisfiable" : { start: length - suffix, end: length };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= length) return "unsatisfiable";
  return { start, end: last === "" ? length : Math.min(Number(last) + 1, length) };
}

/** Whether a list of entity tags contains `etag`, by the comparison of RFC 9110 §8.8.3.2; `*` matches any. */
function listsTag(header: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (header.trim() === "*") return true;
  for (const [tag] of header.matchAll(/(?:W\/)?"[^"]*"/g)) {
    if (tag === etag) return true;
    if (comparison === "weak" && tag === `W/${etag}`) return true;
  }
  return false;
}

/** Whether the entity is newer than the header's date; undefined when there is no valid date. */
function isModifiedSince(header: string | undefined, entity: Entity): boolean | undefined {
  const since = header === undefined ? Number.NaN : Date.parse(header);
  if (Number.isNaN(since) || entity.lastModifiedMs === undefined) return undefined;
  return wholeSeconds(entity.lastModifiedMs) > since;
}

/** RFC 9110 §13.1.5: a tag must match strongly, a date exactly. */
function ifRangeHolds(header: string | undefined, entity: Entity): boolean {
  if (header === undefined) return true;
  const value = header.trim();
  if (value.endsWith('"')) return value === entity.etag;
  return entity.lastModifiedMs !== undefined && Date.parse(value) === wholeSeconds(entity.lastModifiedMs);
}

/** The value of a header. Node joins a repeated header into one string; only its types allow an array. */
function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}
