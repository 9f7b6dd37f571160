import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LiveView } from "../live/live-view.tsx";
import type { Services } from "../services.ts";
import { useChanges } from "../ui/store.ts";
import type { Viewing } from "./viewing.ts";

/** A button that switches from a camera's footage to its live view; live ends when footage is shown again. */
export function LiveStage({ services, viewing }: { services: Services; viewing: Viewing }): JSX.Element | null {
  useChanges(viewing, services.system);
  const [camera, setCamera] = useState<string>();
  useEffect(() => {
    if (camera === undefined) return;
    viewing.player.pause();
    const { timeMs } = viewing;
    return viewing.subscribe(() => {
      if (viewing.player.playing || viewing.timeMs !== timeMs || viewing.active !== camera) setCamera(undefined);
    });
  }, [camera, viewing]);
  if (services.system.status?.camera[viewing.active] === undefined) return null;
  return (
    <>
      {camera !== undefined && <LiveView camera={camera} hasText refusal={services.liveRefusal} />}
      <button
        type="button"
        class="live-button"
        title={camera === undefined ? "What the camera sees now" : "Back to the footage"}
        onClick={() => setCamera(camera === undefined ? viewing.active : undefined)}
      >
        {camera === undefined ? "Live" : "End live"}
      </button>
    </>
  );
}
