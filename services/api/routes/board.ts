import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { Queue } from "bullmq";
import { type RequestHandler, Router } from "express";
import { sendProblem } from "../http/errors.ts";
import { Problem } from "../http/problem.ts";

type BoardServer = Parameters<typeof createBullBoard>[0]["serverAdapter"];

export const BOARD_PATH = "/admin/queues";

/** BullMQ's calls wait without end while Redis is away; a request to the board does not. */
const PATIENCE_MS = 5000;

/**
 * Bull Board on the conversion queue: what waits, runs, failed and why; failed jobs can be tried again. Removing jobs
 * loses no footage: the converter's sweep finds the chunks again. Jobs cannot be added or rewritten here, since a job
 * names the directory that a converter works in.
 */
export function boardRoutes(queue: Queue, isRedisReady: () => boolean): RequestHandler {
  const server = new ExpressAdapter();
  server.setBasePath(BOARD_PATH);
  const adapter = new BullMQAdapter(queue, { description: "Chunks to be converted into minutes" });
  adapter.setFormatter("data", onlyKnownFields);
  createBullBoard({
    queues: [adapter],
    // The two packages bring their own copies of the same types when their versions differ.
    serverAdapter: server as unknown as BoardServer,
    options: { uiConfig: { boardTitle: "Hindsight", hideRedisDetails: true, hideDocsLink: true } },
  });
  const router = Router({ caseSensitive: true });
  router.use((req, res, next) => {
    // As Bull Board's own router takes them: in any case.
    if (/\/(?:add|update-data)\/?$/i.test(req.path) && req.method !== "GET") {
      throw new Problem("method-not-allowed", 405, "Jobs are made by recorders and the converter's sweep only.", {
        Allow: "GET, HEAD",
      });
    }
    if (/^\/api\//i.test(req.path)) {
      if (!isRedisReady()) throw redisAway();
      const timer = setTimeout(() => {
        if (!res.headersSent) next(redisAway());
      }, PATIENCE_MS);
      res.on("close", () => clearTimeout(timer));
    }
    next();
  });
  router.use(asProblems, server.getRouter() as RequestHandler);
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
