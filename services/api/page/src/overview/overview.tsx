import "./overview.css";
import type { JSX } from "preact";
import type { Services } from "../services.ts";
import { formatRoute } from "../ui/route.ts";
import { useChanges } from "../ui/store.ts";
import { CameraCard } from "./camera-card.tsx";
import { NoCameras, Unreachable } from "./empty.tsx";
import { HealthBanner } from "./health-banner.tsx";
import { StorageAndJobs } from "./storage.tsx";

const MAX_STACKED = 6;

/** All cameras at a glance: what each sees, whether it records, and its problems. */
export function Overview({ services }: { services: Services }): JSX.Element {
  const { system, footage, feed, liveRefusal } = services;
  useChanges(system, footage, feed, liveRefusal);
  const { status } = system;
  if (status === undefined) {
    return (
      <main class="overview">
        {system.problem === undefined ? <Loading /> : <Unreachable problem={system.problem} />}
      </main>
    );
  }
  const enabled = Object.keys(status.camera);
  const former = (footage.cameras ?? []).filter((camera) => !enabled.includes(camera));
  return (
    <main class="overview" data-offline={feed.online ? undefined : ""}>
      <h1 class="visually-hidden">Cameras</h1>
      <HealthBanner health={[...status.health, ...liveRefusal.conditions]} />
      {enabled.length === 0 && <NoCameras />}
      <ul class="cards" aria-label="Cameras">
        {enabled.map((camera) => (
          <CameraCard key={camera} services={services} camera={camera} status={status} />
        ))}
      </ul>
      {enabled.length > 1 && (footage.cameras ?? []).length > 1 && (
        <p class="together">
          <a href={formatRoute({ view: "watch", cameras: enabled.slice(0, MAX_STACKED) })}>
            Look through {enabled.length > MAX_STACKED ? `${MAX_STACKED} of them` : "all of them"} together, on one time
            axis
          </a>
        </p>
      )}
      {former.length > 0 && (
        <section aria-labelledby="former">
          <h2 id="former">Footage of cameras that record no more</h2>
          <ul class="former">
            {former.map((camera) => (
              <li key={camera}>
                <a href={formatRoute({ view: "watch", cameras: [camera] })}>{camera}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <StorageAndJobs status={status} version={system.version} />
    </main>
  );
}

function Loading(): JSX.Element {
  return (
    <ul class="cards" aria-label="Cameras" aria-busy="true">
      {[1, 2, 3].map((place) => (
        <li key={place} class="card skeleton">
          <div class="card-picture" />
          <div class="card-text">
            <span class="bone" />
            <span class="bone short" />
          </div>
        </li>
      ))}
    </ul>
  );
}
