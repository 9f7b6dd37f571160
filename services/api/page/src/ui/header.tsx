import type { JSX } from "preact";
import type { Services } from "../services.ts";
import { formatSeconds } from "../time/format.ts";
import { Icon } from "./icons.tsx";
import { formatRoute } from "./route.ts";
import { useChanges } from "./store.ts";

const MOST_STACKED = 4;

/** Name, the two views, and whether all is well. */
export function Header({ services }: { services: Services }): JSX.Element {
  const { router, footage, system } = services;
  useChanges(router, footage, system);
  const { route } = router;
  const cameras = footage.cameras ?? [];
  const enabled = cameras.filter((camera) => system.status?.camera[camera] !== undefined);
  const shown = (enabled.length > 0 ? enabled : cameras).slice(0, MOST_STACKED);
  return (
    <header class="header">
      <a class="brand" href="#/">
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

function Health({ services: { system, feed } }: { services: Services }): JSX.Element {
  useChanges(system, feed);
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
  const count = status.problems.length;
  return (
    <a class="health" href="#/" data-tone={count > 0 ? "bad" : status.warnings.length > 0 ? "warn" : "good"}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{count === 0 ? "All well" : count === 1 ? "1 problem" : `${count} problems`}</span>
    </a>
  );
}
