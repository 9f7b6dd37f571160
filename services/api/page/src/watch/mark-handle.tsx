import type { JSX, Ref } from "preact";
import { formatDate, formatSeconds, zoneName } from "../time/format.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/minute.ts";
import { useChanges } from "../ui/store.ts";
import type { Viewing } from "./viewing.ts";

interface Props {
  viewing: Viewing;
  which: "in" | "out";
  /** Positioned by the timeline, which knows where its time is. */
  handle: Ref<HTMLDivElement>;
}

/** A mark's handle for the keyboard; mouse and fingers drag the handle that the timeline draws beneath it. */
export function MarkHandle({ viewing, which, handle }: Props): JSX.Element {
  useChanges(viewing);
  const timeMs = which === "in" ? viewing.inMs : viewing.outMs;
  const onKeyDown = (event: KeyboardEvent) => {
    const deltaMs = nudgeOf(event);
    if (deltaMs === undefined || timeMs === undefined) return;
    viewing.setMark(which, timeMs + deltaMs, "at once");
    event.preventDefault();
    event.stopPropagation(); // elsewhere these keys would move the picture
  };
  return (
    <div
      ref={handle}
      class="mark-handle"
      hidden
      role="slider"
      tabIndex={timeMs === undefined ? -1 : 0}
      aria-label={which === "in" ? "Start of what is downloaded" : "End of what is downloaded"}
      aria-valuenow={Math.round((timeMs ?? 0) / SECOND_MS)}
      aria-valuemin={0}
      aria-valuemax={Math.round(Date.now() / SECOND_MS)}
      aria-valuetext={
        timeMs === undefined ? "not marked" : `${formatDate(timeMs)}, ${formatSeconds(timeMs)} ${zoneName(timeMs)}`
      }
      onKeyDown={onKeyDown}
    />
  );
}

/** How far a key moves a mark: a second, with Shift ten, Page a minute, with Ctrl an hour. */
function nudgeOf({ key, shiftKey, ctrlKey }: KeyboardEvent): number | undefined {
  const stepMs = ctrlKey ? HOUR_MS : shiftKey ? 10 * SECOND_MS : SECOND_MS;
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return -stepMs;
    case "ArrowRight":
    case "ArrowUp":
      return stepMs;
    case "PageUp":
      return -MINUTE_MS;
    case "PageDown":
      return MINUTE_MS;
    default:
      return undefined;
  }
}
