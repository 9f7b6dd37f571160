import type { RequestHandler } from "express";
import { excerpt, Problem } from "../http/problem.ts";

/** What Bull Board's page loads: itself, the queue, the jobs and their details. */
const LOOKS = [
  /^\/(?:job-schedulers|metrics-history)?$/,
  /^\/queue\/[^/]+(?:\/[^/]+)?$/,
  /^\/static\/.+$/,
  /^\/api\/(?:queues|job-schedulers)$/,
  /^\/api\/queues\/[^/]+\/[^/]+(?:\/(?:logs|flow))?$/,
];

/** Retrying, promoting and removing jobs, one or all of a state: the converter's sweep finds their chunks again. */
const ACTIONS = [
  /^\/api\/queues\/[^/]+\/(?:retry|clean)\/[^/]+$/,
  /^\/api\/queues\/[^/]+\/promote$/,
  /^\/api\/queues\/[^/]+\/[^/]+\/(?:retry|clean|promote)$/,
];

/**
 * Lets through only what is listed above, and nothing else that this or a later version of Bull Board can do: pausing
 * or limiting the queue would stop conversion, and a job that somebody creates or edits names a directory to work in.
 * Bull Board's router ignores the case of paths; here they must be as its page writes them.
 */
export const allowBoardActions: RequestHandler = (req, _res, next) => {
  const path = req.path.replace(/(?<=.)\/$/, "");
  const isIn = (list: readonly RegExp[]) => list.some((pattern) => pattern.test(path));
  const isRead = req.method === "GET" || req.method === "HEAD";
  if (isRead ? isIn(LOOKS) : req.method === "PUT" && isIn(ACTIONS)) return next();
  const isAction = isIn(ACTIONS);
  if (isRead && !isAction) {
    return next(new Problem("no-such-resource", 404, `Bull Board has nothing at ${excerpt(req.path)}.`));
  }
  const detail = "Jobs can be looked at, tried again, promoted and removed here; the queue itself cannot be changed.";
  next(new Problem("method-not-allowed", 405, detail, { Allow: isAction ? "PUT" : "GET, HEAD" }));
};
