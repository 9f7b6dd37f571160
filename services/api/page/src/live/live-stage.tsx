import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Services } from "../services.ts";
import { useChanges } from "../ui/store.ts";
import type { Session } from "../watch/session.ts";
import { LiveView } from "./live-view.tsx";

/** The way from the footage of a camera to what it sees now, and back by whatever shows footage again. */
export function LiveStage({ services, session }: { services: Services; session: Session }): JSX.Element | null {
  useChanges(session, services.system);
  const [camera, setCamera] = useState<string>();
  useEffect(() => {
    if (camera === undefined) return;
    session.player.pause();
    const { timeMs } = session;
    return session.subscribe(() => {
      if (session.player.playing || session.timeMs !== timeMs || session.active !== camera) setCamera(undefined);
    });
  }, [camera, session]);
  if (services.system.status?.camera[session.active] === undefined) return null;
  return (
    <>
      {camera !== undefined && <LiveView camera={camera} hasText refusal={services.liveRefusal} />}
      <button
        type="button"
        class="live-button"
        title={camera === undefined ? "What the camera sees now" : "Back to the footage"}
        onClick={() => setCamera(camera === undefined ? session.active : undefined)}
      >
        {camera === undefined ? "Live" : "End live"}
      </button>
    </>
  );
}
