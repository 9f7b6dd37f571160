import { Router } from "express";
import type { EventHub } from "../events/event-hub.ts";
import { EVENT_STREAM_HEADERS } from "../events/event-stream.ts";
import { allowOnly } from "../http/errors.ts";

/** `GET /api/1/events`: server-sent events `minute`, `camera` and `health`. */
export function eventRoutes(events: EventHub): Router {
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/events")
    .head((_req, res) => void res.set(EVENT_STREAM_HEADERS).end())
    .get((_req, res) => events.attach(res))
    .all(allowOnly("GET", "HEAD"));
  return router;
}
