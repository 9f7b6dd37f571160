import type { RequestHandler } from "express";
import { excerpt, Problem } from "../http/problem.ts";

/** What Bull Board's page loads and reads: itself, the queue, its jobs and what there is to tell of them. */
const LOOKS = [
  /^\/(?:job-schedulers|metrics-history)?$/,
  /^\/queue\/[^/]+(?:\/[^/]+)?$/,
  /^\/static\/.+$/,
  /^\/api\/(?:queues|job-schedulers)$/,
  /^\/api\/queues\/[^/]+\/[^/]+(?:\/(?:logs|flow))?$/,
];

/** Trying jobs again, now or sooner, and removing them, one or all of a kind: the converter's sweep finds chunks again. */
const ACTIONS = [
  /^\/api\/queues\/[^/]+\/(?:retry|clean)\/[^/]+$/,
  /^\/api\/queues\/[^/]+\/promote$/,
  /^\/api\/queues\/[^/]+\/[^/]+\/(?:retry|clean|promote)$/,
];

/**
 * Lets through what Bull Board is here for, and nothing else that it can do, now or in a version to come: to pause or
 * limit the queue would stop conversion, and a job that somebody makes or rewrites names a directory to work in. Its own
 * router takes paths in any case; here they are as its page writes them.
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
