import { Router } from "express";
import type { EventHub } from "../events/event-hub.ts";
import { EVENT_STREAM_HEADERS } from "../events/event-stream.ts";
import { allowOnly } from "../http/errors.ts";
import type { ClientOf } from "../limits/client-of.ts";

/** `GET /api/1/events`: server-sent events `minute`, `camera` and `health`. */
export function eventRoutes(events: EventHub, client: ClientOf): Router {
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/events")
    .head((_req, res) => void res.set(EVENT_STREAM_HEADERS).end())
    .get((req, res) => events.attach(res, client(req)))
    .all(allowOnly("GET", "HEAD"));
  return router;
}
