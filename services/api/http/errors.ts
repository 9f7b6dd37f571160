import { randomBytes } from "node:crypto";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { DiskAwayError } from "../../../shared/disk/disk-away-error.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { diskAway, Problem, problemDetails } from "./problem.ts";

/** 404 for requests that no route handled. */
export const notFound: RequestHandler = (req, _res, next) => {
  next(
    new Problem("no-such-resource", 404, `There is nothing at ${req.path.slice(0, 200)}; docs/api.md lists what is.`),
  );
};

/**
 * For the end of a route: answers OPTIONS (RFC 9110 §9.3.7), and methods that the route lacks with 405 and `Allow`
 * (§15.5.6).
 */
export function allowOnly(...methods: string[]): RequestHandler {
  const allow = methods.join(", ");
  return (req, res, next) => {
    if (req.method === "OPTIONS") {
      res.set("Allow", allow).status(204).end();
      return;
    }
    const detail = `${req.method} is not possible here; what is: ${allow}.`;
    next(new Problem("method-not-allowed", 405, detail, { Allow: allow }));
  };
}

/** Answers every error as application/problem+json (RFC 9457), and logs those that the client did not cause. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    if (res.destroyed || res.writableEnded || req.socket.destroyed) return; // nobody is left to answer
    const problem =
      error instanceof Problem
        ? error
        : error instanceof DiskAwayError
          ? diskAway()
          : (requestError(error) ?? diskFault(error, req.path, logger) ?? internalProblem(error, req.path, logger));
    if (res.headersSent) {
      // Part of an answer was sent: only closing the connection can still show that it is incomplete (RFC 9112 §8).
      res.destroy();
      return;
    }
    sendProblem(res, problem, req.originalUrl);
  };
}

/** Sends a problem instead of the answer that had been prepared. */
export function sendProblem(res: Response, problem: Problem, instance: string): void {
  for (const name of ["ETag", "Last-Modified", "Content-Length", "Content-Range", "Content-Disposition"]) {
    res.removeHeader(name);
  }
  const body = Buffer.from(JSON.stringify(problemDetails(problem, instance)));
  res
    .status(problem.status)
    .set({ "Cache-Control": "no-store", "Content-Length": String(body.length), ...problem.headers });
  res.setHeader("Content-Type", "application/problem+json");
  res.end(body);
}

/** The problem for an error with a 4xx `status`, as express and its parsers throw (stray % in the path, bad Range). */
function requestError(error: unknown): Problem | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status !== "number" || status < 400 || status >= 500) return undefined;
  const detail =
    error instanceof URIError ? "The path holds a malformed percent-encoding." : "The request is malformed.";
  if (status === 412)
    return new Problem("precondition-failed", status, "The file is another one than the condition names.");
  if (status === 416) {
    const headers = (error as { headers?: Record<string, string> }).headers;
    return new Problem("range-not-satisfiable", status, "The range lies past the file's end.", headers);
  }
  return new Problem("bad-request", status, detail);
}

/** Error codes of a failing disk or unreadable files, where neither the request nor the api is at fault. */
const DISK_FAULTS: ReadonlySet<unknown> = new Set(["EACCES", "EIO", "EPERM", "ESTALE", "EUCLEAN"]);

function diskFault(error: unknown, path: string, logger: Logger): Problem | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (!DISK_FAULTS.has(code)) return undefined;
  logger.warn("what was asked for cannot be read", { path: path.slice(0, 200), error });
  return new Problem("unavailable", 503, `This cannot be read (${code}): look at its disk and permissions.`);
}

function internalProblem(error: unknown, path: string, logger: Logger): Problem {
  const reference = randomBytes(4).toString("hex");
  logger.error("a request failed", { reference, path: path.slice(0, 200), error });
  return new Problem("internal", 500, `Something went wrong in here; the api's log has it under ${reference}.`);
}
