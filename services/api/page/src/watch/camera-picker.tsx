import type { JSX } from "preact";
import type { Services } from "../services.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import type { Viewing } from "./viewing.ts";

interface Props {
  services: Services;
  viewing: Viewing | undefined;
  cameras: readonly string[];
}

/** The cameras on the shared time axis: press a name to play it, add one, or remove one. */
export function CameraPicker({ services, viewing, cameras }: Props): JSX.Element {
  useChanges(...(viewing === undefined ? [services.footage] : [services.footage, viewing]));
  const others = (services.footage.cameras ?? []).filter((camera) => !cameras.includes(camera));
  return (
    <fieldset class="picker">
      <legend class="visually-hidden">Cameras</legend>
      {cameras.map((camera) => (
        <span key={camera} class="chip" data-active={viewing?.active === camera ? "" : undefined}>
          <button
            type="button"
            aria-pressed={viewing?.active === camera}
            title={`Play ${camera}`}
            onClick={() => viewing?.seek(viewing.timeMs, camera)}
          >
            {camera}
          </button>
          {cameras.length > 1 && (
            <button
              type="button"
              class="chip-remove"
              aria-label={`Take ${camera} off the time axis`}
              onClick={() => viewing?.setCameras(cameras.filter((each) => each !== camera))}
            >
              <Icon name="close" />
            </button>
          )}
        </span>
      ))}
      {others.length > 0 && viewing !== undefined && (
        <label class="chip chip-add">
          <Icon name="plus" />
          <span class="visually-hidden">Add a camera to the time axis</span>
          <select
            value=""
            onChange={(event) => {
              viewing.setCameras([...cameras, event.currentTarget.value]);
              event.currentTarget.value = "";
            }}
          >
            <option value="" disabled>
              Add camera
            </option>
            {others.map((camera) => (
              <option key={camera} value={camera}>
                {camera}
              </option>
            ))}
          </select>
        </label>
      )}
    </fieldset>
  );
}
