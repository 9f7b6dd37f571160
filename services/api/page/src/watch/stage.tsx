import "./stage.css";
import type { JSX, RefObject } from "preact";
import { thumbnailUrl } from "../client/client.ts";
import { Clock } from "../player/clock.tsx";
import type { Services } from "../services.ts";
import { formatClock, formatDuration } from "../time/format.ts";
import { floorMinute } from "../time/minute.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import { LiveStage } from "./live-stage.tsx";
import type { Viewing } from "./viewing.ts";

interface Props {
  services: Services;
  viewing: Viewing | undefined;
  videos: readonly [RefObject<HTMLVideoElement | null>, RefObject<HTMLVideoElement | null>];
  hasFootage: boolean;
  loaded: boolean;
  /** Its index among the pictures. */
  place: number;
}

/** The large picture, its wall-clock time, and a message when there is no picture. */
export function Stage({ services, viewing, videos, hasFootage, loaded, place }: Props): JSX.Element {
  return (
    <section class="stage" aria-label="Picture" style={{ "--place": place }}>
      {viewing !== undefined && <Poster services={services} viewing={viewing} />}
      {videos.map((video, place) => (
        <video
          key={place === 0 ? "first" : "second"}
          ref={video}
          muted
          playsInline
          onClick={() => viewing?.togglePlay()}
        />
      ))}
      {viewing !== undefined && hasFootage && <StageClock viewing={viewing} />}
      {viewing !== undefined && hasFootage && <Message services={services} viewing={viewing} />}
      {loaded && !hasFootage && (
        <div class="stage-message">
          <Icon name="film" />
          <p>
            <strong>No footage yet.</strong> Once the camera records, its first minute appears here by itself, about a
            minute later.
          </p>
        </div>
      )}
      {!loaded && (
        <div class="stage-message" aria-busy="true">
          <p>{services.footage.problem ?? "Loading…"}</p>
        </div>
      )}
      {viewing !== undefined && <LiveStage services={services} viewing={viewing} />}
    </section>
  );
}

/** The minute's thumbnail, which is loaded long before its video. */
function Poster({ services, viewing }: { services: Services; viewing: Viewing }): JSX.Element | null {
  useChanges(viewing);
  const minuteMs = floorMinute(viewing.timeMs);
  if (viewing.player.state !== "loading" || services.footage.hasThumbnail(viewing.active, minuteMs) !== true)
    return null;
  return <img class="stage-poster" src={thumbnailUrl(viewing.active, minuteMs)} alt="" />;
}

function StageClock({ viewing }: { viewing: Viewing }): JSX.Element {
  useChanges(viewing);
  return <Clock camera={viewing.active} source={viewing} />;
}

function Message({ services, viewing }: { services: Services; viewing: Viewing }): JSX.Element | null {
  useChanges(viewing, services.feed, services.footage);
  const { player } = viewing;
  if (player.state === "failed") {
    return (
      <div class="stage-message" role="alert">
        <Icon name={services.feed.online ? "warning" : "offline"} />
        <p>
          <strong>{services.feed.online ? player.problem : "Hindsight does not answer."}</strong>{" "}
          {services.feed.online ? "" : "The picture comes back by itself when it does."}
        </p>
        <button type="button" onClick={() => player.retry()}>
          Try again
        </button>
        {services.feed.online && (
          <button type="button" onClick={() => void player.skip()}>
            Go to the next minute
          </button>
        )}
      </div>
    );
  }
  const text = describe(viewing, services.footage.problem);
  return text === "" ? null : (
    <div class="stage-line" role="status">
      {text}
    </div>
  );
}

function describe({ player, inStep }: Viewing, problem: string | undefined): string {
  if (player.state === "empty") return `${player.camera} has no footage.`;
  if (player.state === "loading") return problem === undefined ? "Loading…" : `Loading… ${problem}`;
  if (player.state === "waiting")
    return "You have seen everything up to now. It goes on as soon as the next minute is there.";
  if (player.skippedMs > 0) {
    const whose = inStep.length > 1 ? ` of ${player.camera} skipped, for all` : " skipped";
    return `${formatDuration(player.skippedMs)} without footage${whose}`;
  }
  if (player.movedMs > 0) return `No footage then: the next begins at ${formatClock(player.timeMs)}`;
  if (player.movedMs < 0) return `No footage then: the last before it is of ${formatClock(player.timeMs)}`;
  return "";
}
