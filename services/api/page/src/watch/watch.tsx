import "./watch.css";
import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ChainPlayer } from "../player/chain-player.ts";
import type { Services } from "../services.ts";
import type { WatchRoute } from "../ui/route.ts";
import { useChanges } from "../ui/store.ts";
import { CameraPicker } from "./camera-picker.tsx";
import { Controls } from "./controls.tsx";
import { DayBar } from "./day-bar.tsx";
import { FollowerPicture } from "./follower-picture.tsx";
import { listenToKeys } from "./keys.ts";
import { Others } from "./others.tsx";
import { Stage } from "./stage.tsx";
import { TakeAwayBar } from "./take-away-bar.tsx";
import { TimelinePane } from "./timeline-pane.tsx";
import { Viewing } from "./viewing.ts";

/** The footage of one or several cameras: the picture, the timeline around it, and downloads. */
export function Watch({ services, route }: { services: Services; route: WatchRoute }): JSX.Element {
  const { footage } = services;
  useChanges(footage);
  const first = useRef<HTMLVideoElement>(null);
  const second = useRef<HTMLVideoElement>(null);
  const [viewing, setViewing] = useState<Viewing>();
  const [Help, setHelp] = useState<typeof import("./help.tsx").Help>();
  const loaded = footage.loaded;

  useEffect(() => {
    if (!loaded || first.current === null || second.current === null) return;
    const player = new ChainPlayer(footage, [first.current, second.current]);
    const made = new Viewing(services, player, route);
    setViewing(made);
    return () => made.close();
    // A viewing lasts as long as its view: later routes are followed below.
  }, [loaded]);

  // The hash was changed by hand, by a link or by the back button.
  useEffect(() => viewing?.follow(route), [viewing, route]);
  const showHelp = async () => {
    try {
      const loaded = await import("./help.tsx"); // seldom needed
      setHelp(() => loaded.Help);
    } catch {
      services.notice.say("Hindsight does not answer.");
    }
  };
  useEffect(() => (viewing === undefined ? undefined : listenToKeys(viewing, showHelp)), [viewing]);

  const cameras = viewing?.cameras ?? route.cameras;
  const hasFootage = useMemo(
    () => cameras.some((camera) => footage.cameras?.includes(camera)),
    [cameras, footage.cameras],
  );
  return (
    <main class="watch">
      <h1 class="visually-hidden">Footage of {cameras.join(", ")}</h1>
      <div class="watch-bar">
        <CameraPicker services={services} viewing={viewing} cameras={cameras} />
        {viewing !== undefined && <DayBar viewing={viewing} />}
      </div>
      <Pictures services={services} viewing={viewing} videos={[first, second]} hasFootage={hasFootage} />
      {viewing !== undefined && (
        <>
          <Controls viewing={viewing} services={services} onHelp={showHelp} />
          <TimelinePane services={services} viewing={viewing} />
          <TakeAwayBar services={services} viewing={viewing} />
        </>
      )}
      {Help !== undefined && <Help onClose={() => setHelp(undefined)} />}
    </main>
  );
}

/** The picture of the camera that plays, and those of the others: in step, or their thumbnails beside it. */
function Pictures(props: {
  services: Services;
  viewing: Viewing | undefined;
  videos: readonly [RefObject<HTMLVideoElement | null>, RefObject<HTMLVideoElement | null>];
  hasFootage: boolean;
}): JSX.Element {
  const { services, viewing, videos, hasFootage } = props;
  useChanges(...(viewing === undefined ? [services.footage] : [services.footage, viewing]));
  const inStep = viewing?.inStep ?? [];
  const hasOthers = viewing !== undefined && viewing.cameras.length > inStep.length;
  useEffect(() => viewing?.player.setSparing(inStep.length > 1), [viewing, inStep.length]);
  return (
    <div class="watch-stage">
      <div class="pictures" data-count={Math.max(1, inStep.length)}>
        <Stage
          services={services}
          viewing={viewing}
          videos={videos}
          hasFootage={hasFootage}
          loaded={services.footage.loaded}
          place={viewing === undefined ? 0 : inStep.indexOf(viewing.active)}
        />
        {viewing !== undefined &&
          inStep.map((camera, place) =>
            camera === viewing.active ? null : (
              <FollowerPicture key={camera} services={services} viewing={viewing} camera={camera} place={place} />
            ),
          )}
      </div>
      {hasOthers && <Others services={services} viewing={viewing} />}
    </div>
  );
}
