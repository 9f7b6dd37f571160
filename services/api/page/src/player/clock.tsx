import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatDate, formatHundredths, zoneName } from "../time/format.ts";

/** What shows frames and tells their capture times, ms since the Unix epoch. */
export interface FrameSource {
  readonly timeMs: number;
  /** Calls back with the time of each frame shown; returns a function that ends it. */
  onFrame(listener: (timeMs: number) => void): () => void;
}

/** The wall-clock time of the frame on show, on the picture. */
export function Clock({ camera, source }: { camera: string; source: FrameSource }): JSX.Element {
  const date = useRef<HTMLSpanElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const show = (timeMs: number) => {
      // Every frame: past the components, straight into the text.
      if (date.current !== null) date.current.textContent = `${formatDate(timeMs)} `;
      if (time.current !== null) time.current.textContent = `${formatHundredths(timeMs)} ${zoneName(timeMs)}`;
    };
    show(source.timeMs);
    return source.onFrame(show);
  }, [source]);
  return (
    <div class="stage-clock">
      <span class="stage-camera">{camera}</span> <span ref={date} class="stage-date" />{" "}
      <span ref={time} class="stage-time" />
    </div>
  );
}
