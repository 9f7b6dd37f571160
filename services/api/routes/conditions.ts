import { Router } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { HealthWatch } from "../health/health-watch.ts";
import type { LastedCondition } from "../health/history.ts";
import { allowOnly } from "../http/errors.ts";
import { sendJson } from "../http/json.ts";
import { cameraIds } from "../http/query.ts";
import { askedCameras } from "./asked-cameras.ts";
import { askedLimit, askedTime, nextPage } from "./asked-time.ts";

interface ConditionsParts {
  catalog: Catalog;
  health: Pick<HealthWatch, "history">;
}

/** `GET /api/1/conditions?from=…&to=…` or `?day=…`: what was wrong, and when; in pages with `limit=…`. */
export function conditionsRoutes({ catalog, health }: ConditionsParts): Router {
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/conditions")
    .get(async (req, res) => {
      const { fromMs, toMs } = askedTime(req);
      const limit = askedLimit(req);
      const asked = cameraIds(req);
      const cameras = asked && (await askedCameras(catalog, asked));
      const { conditions, isPartial } = await health.history({ fromMs, toMs, cameras });
      const { page, next } = firstPage(conditions, limit);
      const to = new Date(toMs).toISOString();
      sendJson(res, {
        from: new Date(fromMs).toISOString(),
        to,
        conditions: page,
        ...(isPartial && { partial: true }),
        ...(next !== undefined && { next: nextPage(req, next, to) }),
      });
    })
    .all(allowOnly("GET", "HEAD"));
  return router;
}

/**
 * The first page, and the time after whose ends the list continues. Conditions that ended at the same time, and those
 * that still hold, stay together.
 */
function firstPage(
  conditions: readonly LastedCondition[],
  limit = conditions.length,
): { page: readonly LastedCondition[]; next?: string } {
  const next = conditions[limit - 1]?.until;
  const end = next === undefined ? -1 : conditions.findIndex(({ until }) => until === undefined || until > next);
  return end === -1 || next === undefined ? { page: conditions } : { page: conditions.slice(0, end), next };
}
