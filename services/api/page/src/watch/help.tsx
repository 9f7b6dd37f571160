import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { KEYS } from "./keys.ts";

/** The keys and gestures, on demand. */
export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={onClose}>
      <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
        <Icon name="close" />
      </button>
      <h2 id="help-title">Keys and gestures</h2>
      <dl>
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p>
        On the timeline: point to see a moment, click to play from it, drag to move along, turn the wheel or pinch to
        zoom. Drag on the hours above it to search with the finger.
      </p>
    </dialog>
  );
}
