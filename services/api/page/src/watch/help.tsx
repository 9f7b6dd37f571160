import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";

/** The help's texts for the keys. */
const KEYS: readonly (readonly [string, string])[] = [
  ["Space", "play or pause"],
  ["← →", "a minute back or on"],
  ["Shift ← →", "an hour"],
  ["Ctrl ← → or Page Up/Down", "a day"],
  [", .", "a frame"],
  ["[ ]", "slower, faster"],
  ["I O", "mark the start and the end of what to download; Tab to a mark, and ← → move it by a second"],
  ["Esc", "remove the marks"],
  ["+ −", "zoom in and out"],
  ["D", "show the whole day"],
  ["N", "go to the newest minute"],
  ["G", "type a date and time"],
  ["S", "save the frame as JPEG"],
  ["L", "copy the link to this moment"],
  ["1 … 9", "another camera at the same time"],
  ["T", "all pictures in step, or one alone"],
];

/** The keys and gestures. */
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
