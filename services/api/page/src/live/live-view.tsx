import "./live.css";
import type { JSX } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { LivePlayer } from "./live-player.ts";
import type { LiveRefusal } from "./live-refusal.ts";

interface Props {
  camera: string;
  /** Whether the state is also shown as text; in a small picture it is not. */
  hasText: boolean;
  refusal: LiveRefusal;
}

/** A camera's live picture. It fills its container, and is transparent until there is a picture. */
export function LiveView({ camera, hasText, refusal }: Props): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [player, setPlayer] = useState<LivePlayer>();
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (video.current === null || canvas.current === null) return;
    const made = new LivePlayer(camera, video.current, canvas.current, refusal);
    const end = made.subscribe(() => rerender(undefined));
    setPlayer(made);
    return () => {
      end();
      made.close();
    };
  }, [camera, refusal]);
  const shownOn = player?.hasPicture === true ? player.shownOn : undefined;
  return (
    <div class="live" data-shown={shownOn}>
      <video ref={video} muted playsInline autoPlay aria-label={`${camera}, live`} />
      <canvas ref={canvas} role="img" aria-label={`${camera}, live`} />
      <span class="live-mark" role="status">
        {shownOn === undefined ? waitingText(player, hasText) : "Live"}
      </span>
    </div>
  );
}

function waitingText(player: LivePlayer | undefined, hasText: boolean): string {
  if (hasText) return player?.problem || "Live picture on its way…";
  return player?.isRefused === true ? "Live view is refused" : "…";
}
