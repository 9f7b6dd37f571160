import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { Queue } from "bullmq";
import { type RequestHandler, Router } from "express";
import { sendProblem } from "../http/errors.ts";
import { Problem } from "../http/problem.ts";
import { allowBoardActions } from "./board-actions.ts";

type BoardServer = Parameters<typeof createBullBoard>[0]["serverAdapter"];

export const BOARD_PATH = "/admin/queues";

/** BullMQ's calls wait without end while Redis is away; a request to the board does not. */
const PATIENCE_MS = 5000;

const FOREIGN_LINK = /<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/gi;

/** Without what sets a rate limit, which would be refused; its other buttons Bull Board shows all or none of. */
class BoardAdapter extends BullMQAdapter {
  override get supportsGlobalRateLimit(): boolean {
    return false;
  }
}

/**
 * Bull Board on the conversion queue: what waits, runs, failed and why; jobs can be tried again, and removed. Removing jobs
 * loses no footage: the converter's sweep finds the chunks again.
 */
export function boardRoutes(queue: Queue, isRedisReady: () => boolean): RequestHandler {
  const server = new ExpressAdapter();
  server.setBasePath(BOARD_PATH);
  const adapter = new BoardAdapter(queue, { description: "Chunks to be converted into minutes" });
  adapter.setFormatter("data", onlyKnownFields);
  createBullBoard({
    queues: [adapter],
    // The two packages bring their own copies of the same types when their versions differ.
    serverAdapter: server as unknown as BoardServer,
    options: { uiConfig: { boardTitle: "Hindsight", hideRedisDetails: true, hideDocsLink: true } },
  });
  const router = Router({ caseSensitive: true });
  router.use(allowBoardActions, (req, res, next) => {
    if (req.path.startsWith("/api/")) {
      if (!isRedisReady()) throw redisAway();
      const timer = setTimeout(() => {
        if (!res.headersSent) next(redisAway());
      }, PATIENCE_MS);
      res.on("close", () => clearTimeout(timer));
    }
    next();
  });
  router.use(asProblems, withoutForeignLinks, server.getRouter() as RequestHandler);
  return router;
}

/** Bull Board's own errors become problems; what it says of them, its page reads from members of the same names. */
const asProblems: RequestHandler = (req, res, next) => {
  const json = res.json.bind(res);
  res.json = (body: { error?: unknown } | undefined) => {
    if (res.statusCode < 400) return json(body);
    const kind = res.statusCode === 404 ? "no-such-resource" : res.statusCode < 500 ? "bad-request" : "unavailable";
    const detail = typeof body?.error === "string" ? body.error : "Bull Board could not do that.";
    sendProblem(res, new Problem(kind, res.statusCode, detail, {}, { ...body }), req.originalUrl);
    return res;
  };
  next();
};

/** Bull Board's page without its fonts of Google, so that nobody elsewhere is told who looks at it; it does without. */
const withoutForeignLinks: RequestHandler = (_req, res, next) => {
  const send = res.send.bind(res);
  res.send = (body: unknown) => {
    const isPage = typeof body === "string" && !String(res.getHeader("Content-Type") ?? "text/html").includes("json");
    return send(isPage ? body.replace(FOREIGN_LINK, "") : body);
  };
  next();
};

/** Of a job's data only what says where the minute is, whatever else somebody may have put there. */
function onlyKnownFields(data: unknown): Record<string, unknown> {
  if (typeof data !== "object" || data === null) return {};
  const { camera, minute, directory } = data as Record<string, unknown>;
  return { camera, minute, directory };
}

function redisAway(): Problem {
  return new Problem("unavailable", 503, "Redis does not answer, so the queue cannot be shown.", {
    "Retry-After": "5",
  });
}
