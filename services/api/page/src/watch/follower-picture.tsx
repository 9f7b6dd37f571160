import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Clock } from "../player/clock.tsx";
import { Follower } from "../player/follower.ts";
import type { Services } from "../services.ts";
import { useChanges } from "../ui/store.ts";
import type { Viewing } from "./viewing.ts";

interface Props {
  services: Services;
  viewing: Viewing;
  camera: string;
  /** Its index among the pictures. */
  place: number;
}

/** A further camera's picture, in step with the one that plays; press it to make it the playing one. */
export function FollowerPicture({ services, viewing, camera, place }: Props): JSX.Element {
  const first = useRef<HTMLVideoElement>(null);
  const second = useRef<HTMLVideoElement>(null);
  const [follower, setFollower] = useState<Follower>();
  useEffect(() => {
    if (first.current === null || second.current === null) return;
    const made = new Follower(services.footage, camera, viewing.player, [first.current, second.current]);
    setFollower(made);
    const end = services.feed.subscribe(() => services.feed.online && made.retry());
    return () => {
      end();
      made.close();
    };
  }, [services, viewing, camera]);
  return (
    <section class="picture" aria-label={`Picture of ${camera}`} style={{ "--place": place }}>
      <video ref={first} muted playsInline />
      <video ref={second} muted playsInline />
      {follower !== undefined && <Overlay follower={follower} camera={camera} />}
      <button
        type="button"
        class="picture-button"
        aria-label={`Go on with ${camera} at this time`}
        title={`Go on with ${camera} at this time`}
        onClick={() => viewing.seek(viewing.timeMs, camera)}
      />
    </section>
  );
}

const WORDS = { gap: "has no footage of this time", loading: "is loading…", failed: "could not be fetched" } as const;

function Overlay({ follower, camera }: { follower: Follower; camera: string }): JSX.Element {
  useChanges(follower);
  const { state } = follower;
  return (
    <>
      {state === "shown" && <Clock camera={camera} source={follower} />}
      {state !== "shown" && (
        <p class="picture-none">
          <strong>{camera}</strong> {WORDS[state]}
        </p>
      )}
    </>
  );
}
