import type { JSX } from "preact";
import type { Services } from "../services.ts";
import { formatSeconds } from "../time/format.ts";
import { Icon } from "./icons.tsx";
import { formatRoute } from "./route.ts";
import { useChanges } from "./store.ts";

const MAX_STACKED = 4;

/** The name, the two views, and whether all is well. */
export function Header({ services }: { services: Services }): JSX.Element {
  const { router, footage, system } = services;
  useChanges(router, footage, system);
  const { route } = router;
  const cameras = footage.cameras ?? [];
  const enabled = cameras.filter((camera) => system.status?.camera[camera] !== undefined);
  const shown = (enabled.length > 0 ? enabled : cameras).slice(0, MAX_STACKED);
  return (
    <header class="header">
      <a class="brand" href="#/" aria-label="Hindsight: all cameras">
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span>Hindsight</span>
      </a>
      <nav aria-label="Views">
        <a href="#/" aria-current={route.view === "overview" ? "page" : undefined}>
          Cameras
        </a>
        {shown.length > 0 && (
          <a
            href={formatRoute({ view: "watch", cameras: shown })}
            aria-current={route.view === "watch" ? "page" : undefined}
            title="The footage of all cameras on one time axis"
          >
            Footage
          </a>
        )}
        <a href="/admin/queues" title="The conversion queue (Bull Board)">
          Jobs
        </a>
      </nav>
      <Health services={services} />
    </header>
  );
}

function Health({ services: { system, feed, liveRefusal } }: { services: Services }): JSX.Element {
  useChanges(system, feed, liveRefusal);
  if (!feed.online) {
    const since = feed.offlineSinceMs === undefined ? "" : ` since ${formatSeconds(feed.offlineSinceMs)}`;
    return (
      <button type="button" class="health" data-tone="bad" onClick={() => feed.retryNow()}>
        <Icon name="offline" /> <span role="status">No connection{since}</span>
        <span class="health-hint">trying again</span>
      </button>
    );
  }
  const { status } = system;
  if (status === undefined)
    return (
      <span class="health">
        <span role="status">{system.problem === undefined ? "Connecting…" : "No answer yet"}</span>
      </span>
    );
  const errors = status.health.filter(({ severity }) => severity === "error").length;
  const warnings = status.health.length - errors + liveRefusal.conditions.length;
  return (
    <a class="health" href="#/" data-tone={errors > 0 ? "bad" : warnings > 0 ? "warn" : "good"}>
      <span class="dot" aria-hidden="true" />
      <span role="status">
        {errors > 0 ? counted(errors, "problem") : warnings > 0 ? counted(warnings, "warning") : "All well"}
      </span>
    </a>
  );
}

function counted(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
