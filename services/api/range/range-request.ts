import type { Request } from "express";
import type { FootageRange } from "../../../shared/catalog/find-minutes.ts";
import { excerpt, Problem } from "../http/problem.ts";
import { parseInstant, single } from "../http/query.ts";
import { parseRangeName } from "./range-name.ts";

/** The part of a camera's footage that is requested as one file. */
export interface RangeRequest extends FootageRange {
  /** Whether gaps are skipped in the video or keep their duration. */
  gaps: "skip" | "keep";
}

/** Parses the query of `/api/1/camera/{id}/range.mp4?start=…&end=…&gaps=…`. Throws Problem 400. */
export function parseRangeQuery(camera: string, req: Request): RangeRequest {
  const [start, end] = [single(req, "start"), single(req, "end")];
  if (start === undefined || end === undefined) {
    throw new Problem("bad-request", 400, 'Give both "start" and "end" (ISO 8601 with zone).');
  }
  const [startUs, endUs] = [parseInstantUs(start, "start"), parseInstantUs(end, "end")];
  if (endUs <= startUs) throw new Problem("invalid-time", 400, '"end" must be later than "start".');
  return { camera, startUs, endUs, gaps: parseGaps(req) };
}

/**
 * Parses a request for `/api/1/camera/{id}.range.….to.….mp4?gaps=…&end=…`; `end` is where a range that reached the
 * present was pinned. Returns undefined when the name has another form. Throws Problem 400.
 */
export function parseNamedRange(file: string, req: Request): RangeRequest | undefined {
  const name = parseRangeName(file);
  if (name === undefined) return undefined;
  const { camera, from, to } = name;
  const end = single(req, "end");
  return {
    camera,
    names: { from, to },
    startUs: Number.NEGATIVE_INFINITY,
    endUs: end === undefined ? Number.POSITIVE_INFINITY : parseInstantUs(end, "end"),
    gaps: parseGaps(req),
  };
}

/** Parses an instant like `parseInstant`, but returns µs since the Unix epoch, truncated. Throws Problem 400. */
function parseInstantUs(text: string, name: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const seconds = Math.floor(parseInstant(text, name) / 1000);
  return seconds * 1e6 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

function parseGaps(req: Request): "skip" | "keep" {
  const gaps = single(req, "gaps") ?? "skip";
  if (gaps === "skip" || gaps === "keep") return gaps;
  throw new Problem("bad-request", 400, `"gaps" is skip or keep, not "${excerpt(gaps)}".`);
}
