import type { JSX } from "preact";
import { SPEEDS } from "../player/chain-player.ts";
import type { Services } from "../services.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import { MAX_IN_STEP, type Viewing } from "./viewing.ts";

interface Props {
  services: Services;
  viewing: Viewing;
  onHelp: () => void;
}

/** Play, single steps, speed, and what can be done with the displayed frame. */
export function Controls({ services, viewing, onHelp }: Props): JSX.Element {
  useChanges(viewing, services.footage);
  const { player } = viewing;
  const fullScreen = () => {
    const stage = document.querySelector(".stage");
    void (document.fullscreenElement === null ? stage?.requestFullscreen() : document.exitFullscreen());
  };
  return (
    <div class="controls" role="toolbar" aria-label="Player">
      <div class="controls-play">
        <button
          type="button"
          class="quiet"
          aria-label="The frame before"
          title="The frame before (,)"
          onClick={() => void player.step(-1)}
        >
          <Icon name="frameBack" />
        </button>
        <button
          type="button"
          class="play"
          aria-label={player.playing ? "Pause" : "Play"}
          title={player.playing ? "Pause (Space)" : "Play (Space)"}
          onClick={() => viewing.togglePlay()}
        >
          <Icon name={player.playing ? "pause" : "play"} />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label="The next frame"
          title="The next frame (.)"
          onClick={() => void player.step(1)}
        >
          <Icon name="frameOn" />
        </button>
      </div>
      <fieldset class="speeds" title="Speed ([ and ])">
        <legend class="visually-hidden">Speed</legend>
        {SPEEDS.map((speed) => (
          <button
            key={speed}
            type="button"
            aria-pressed={player.speed === speed}
            onClick={() => player.setSpeed(speed)}
          >
            {speed === 0.25 ? "¼" : speed === 0.5 ? "½" : speed}×
          </button>
        ))}
      </fieldset>
      <div class="controls-frame">
        {viewing.cameras.length > 1 && viewing.cameras.length <= MAX_IN_STEP && (
          <button
            type="button"
            class="quiet"
            aria-pressed={!viewing.isAlone}
            title="All pictures in step, or one alone (T)"
            onClick={() => viewing.setAlone(!viewing.isAlone)}
          >
            <Icon name="grid" /> <span class="label">In step</span>
          </button>
        )}
        <button
          type="button"
          class="quiet"
          title="Save this frame as JPEG (S)"
          onClick={() => void viewing.saveFrame()}
        >
          <Icon name="camera" /> <span class="label">Save frame</span>
        </button>
        <button
          type="button"
          class="quiet"
          title="Copy a link to this moment (L)"
          onClick={() => void viewing.copyLink()}
        >
          <Icon name="link" /> <span class="label">Copy link</span>
        </button>
        <button type="button" class="quiet" aria-label="Full screen" title="Full screen" onClick={fullScreen}>
          <Icon name="full" />
        </button>
        <button
          type="button"
          class="quiet help-button"
          aria-label="Keys and gestures"
          title="Keys and gestures (?)"
          onClick={onHelp}
        >
          <Icon name="keyboard" />
        </button>
      </div>
    </div>
  );
}
