import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatDate, formatHundredths, zoneName } from "../time/format.ts";

/** Something that displays frames and reports their capture times, ms since the Unix epoch. */
export interface FrameSource {
  readonly timeMs: number;
  /** Calls back with the time of each displayed frame; returns a function that ends this. */
  onFrame(listener: (timeMs: number) => void): () => void;
}

/** The wall-clock time of the displayed frame, drawn on the picture. */
export function Clock({ camera, source }: { camera: string; source: FrameSource }): JSX.Element {
  const date = useRef<HTMLSpanElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const show = (timeMs: number) => {
      // Changes with every frame, so it is written into the text directly, without rendering the component.
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
