import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { thumbnailUrl } from "../client/client.ts";
import type { Services } from "../services.ts";
import { floorMinute } from "../time/minute.ts";
import { useChanges } from "../ui/store.ts";
import type { Viewing } from "./viewing.ts";

/** What the other cameras saw in the displayed minute; press one to play it from the same time. */
export function Others({ services, viewing }: { services: Services; viewing: Viewing }): JSX.Element {
  const { footage, feed } = services;
  useChanges(footage, viewing, feed);
  const [minuteMs, setMinuteMs] = useState(floorMinute(viewing.timeMs));
  useLayoutEffect(() => viewing.onFrame((timeMs) => setMinuteMs(floorMinute(timeMs))), [viewing]);
  return (
    <ul class="others" aria-label="The other cameras at this time">
      {viewing.cameras
        .filter((camera) => camera !== viewing.active)
        .map((camera) => (
          <li key={camera}>
            <button
              type="button"
              title={`Go on with ${camera} at this time`}
              onClick={() => viewing.seek(viewing.timeMs, camera)}
            >
              {footage.hasThumbnail(camera, minuteMs) === true ? (
                <img
                  key={String(feed.online)}
                  src={thumbnailUrl(camera, minuteMs)}
                  alt=""
                  onLoad={(event) => event.currentTarget.classList.remove("missing")}
                  onError={(event) => event.currentTarget.classList.add("missing")}
                />
              ) : (
                <span class="others-none">no footage</span>
              )}
              <span class="others-name">{camera}</span>
            </button>
          </li>
        ))}
    </ul>
  );
}
