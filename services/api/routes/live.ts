import { Router } from "express";
import { allowOnly } from "../http/errors.ts";
import { Problem } from "../http/problem.ts";

/** `/api/1/camera/{id}/live` for those who ask for it without a WebSocket; with one they get to live/live-views.ts. */
export function liveRoutes(): Router {
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/camera/:camera/live")
    .get(() => {
      throw new Problem("upgrade-required", 426, "Live pictures come over a WebSocket; docs/api.md tells how.", {
        Upgrade: "websocket",
        Connection: "Upgrade",
      });
    })
    .all(allowOnly("GET", "HEAD"));
  return router;
}
