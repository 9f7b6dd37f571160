import type { JSX } from "preact";
import type { Services } from "../services.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import type { Session } from "./session.ts";

interface Props {
  services: Services;
  session: Session | undefined;
  cameras: readonly string[];
}

/** Which cameras share the time axis: press a name to play it, add one, take one away. */
export function CameraPicker({ services, session, cameras }: Props): JSX.Element {
  useChanges(...(session === undefined ? [services.footage] : [services.footage, session]));
  const others = (services.footage.cameras ?? []).filter((camera) => !cameras.includes(camera));
  return (
    <fieldset class="picker">
      <legend class="visually-hidden">Cameras</legend>
      {cameras.map((camera) => (
        <span key={camera} class="chip" data-active={session?.active === camera ? "" : undefined}>
          <button
            type="button"
            aria-pressed={session?.active === camera}
            title={`Play ${camera}`}
            onClick={() => session?.seek(session.timeMs, camera)}
          >
            {camera}
          </button>
          {cameras.length > 1 && (
            <button
              type="button"
              class="chip-remove"
              aria-label={`Take ${camera} off the time axis`}
              onClick={() => session?.setCameras(cameras.filter((each) => each !== camera))}
            >
              <Icon name="close" />
            </button>
          )}
        </span>
      ))}
      {others.length > 0 && session !== undefined && (
        <label class="chip chip-add">
          <Icon name="plus" />
          <span class="visually-hidden">Add a camera to the time axis</span>
          <select
            value=""
            onChange={(event) => {
              session.setCameras([...cameras, event.currentTarget.value]);
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
