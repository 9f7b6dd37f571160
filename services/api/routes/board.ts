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

/** Timeout of a request to the board: BullMQ's calls wait for ever while Redis is away. */
const PATIENCE_MS = 5000;

const FOREIGN_LINK = /<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/gi;

/**
 * Hides the button for a rate limit, which would be refused; Bull Board can hide the other buttons only all at once.
 */
class BoardAdapter extends BullMQAdapter {
  override get supportsGlobalRateLimit(): boolean {
    return false;
  }
}

/**
 * Bull Board for the conversion queue: it shows which jobs wait, run or failed, and why; jobs can be retried and
 * removed. Removing jobs loses no footage: the converter's sweep finds the chunks again.
 */
export function boardRoutes(queue: Queue, isRedisReady: () => boolean): RequestHandler {
  const server = new ExpressAdapter();
  server.setBasePath(BOARD_PATH);
  const adapter = new BoardAdapter(queue, { description: "Chunks to be converted into minutes" });
  adapter.setFormatter("data", onlyKnownFields);
  createBullBoard({
    queues: [adapter],
    // The two packages have their own copies of the same types when their versions differ.
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

/** Turns Bull Board's own errors into problems; these keep the error's members, which its page reads. */
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

/** Removes Google's fonts from Bull Board's page, so that no third party learns who views it; it works without them. */
const withoutForeignLinks: RequestHandler = (_req, res, next) => {
  const send = res.send.bind(res);
  res.send = (body: unknown) => {
    const isPage = typeof body === "string" && !String(res.getHeader("Content-Type") ?? "text/html").includes("json");
    return send(isPage ? body.replace(FOREIGN_LINK, "") : body);
  };
  next();
};

/** Only the members of a job's data that say where the minute is, whatever else the data may contain. */
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
