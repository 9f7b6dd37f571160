import "./timeline.css";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Services } from "../services.ts";
import { formatDate, formatDuration, formatSeconds, zoneName } from "../time/format.ts";
import { HOUR_MS, MINUTE_MS, UTC_DAY_MS } from "../time/minute.ts";
import { layOut } from "../timeline/layout.ts";
import { Legend } from "../timeline/legend.tsx";
import { TimelineView } from "../timeline/timeline-view.ts";
import { widthMs } from "../timeline/viewport.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import { MarkHandle } from "./mark-handle.tsx";
import type { Viewing } from "./viewing.ts";

const PRESETS: readonly (readonly [string, number])[] = [
  ["1 h", HOUR_MS],
  ["6 h", 6 * HOUR_MS],
  ["Week", 7 * UTC_DAY_MS],
  ["Month", 31 * UTC_DAY_MS],
];

/** The timeline with its zoom buttons and the names of its lanes. */
export function TimelinePane({ services, viewing }: { services: Services; viewing: Viewing }): JSX.Element {
  const { footage } = services;
  useChanges(viewing, footage);
  const canvas = useRef<HTMLCanvasElement>(null);
  const card = useRef<HTMLDivElement>(null);
  const inHandle = useRef<HTMLDivElement>(null);
  const outHandle = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (canvas.current === null || card.current === null) return;
    if (inHandle.current === null || outHandle.current === null) return;
    const elements = { canvas: canvas.current, card: card.current, in: inHandle.current, out: outHandle.current };
    const view = new TimelineView(elements, services, viewing.view, {
      onSeek: (camera, timeMs) => viewing.playFrom(timeMs, camera),
      onView: (shown) => viewing.onView(shown),
      onMark: (which, timeMs, done) => viewing.setMark(which, timeMs, done ? "at once" : "if idle"),
    });
    viewing.attach(view);
    return () => {
      viewing.attach(undefined);
      view.close();
    };
  }, [services, viewing]);

  const { timeMs, cameras, active } = viewing;
  const has = footage.isReady(active, timeMs);
  const layout = layOut(cameras, window.innerHeight > 700);
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="timeline-zoom">
        <span class="zone" title="All times are in your time zone">
          {Intl.DateTimeFormat().resolvedOptions().timeZone} ({zoneName(timeMs)})
        </span>
        <button type="button" class="quiet" aria-label="Zoom out" title="Zoom out (−)" onClick={() => viewing.zoom(1)}>
          <Icon name="minus" />
        </button>
        <output class="zoom-width" aria-label="Width of the timeline">
          {formatDuration(widthMs(viewing.view))}
        </output>
        <button type="button" class="quiet" aria-label="Zoom in" title="Zoom in (+)" onClick={() => viewing.zoom(-1)}>
          <Icon name="plus" />
        </button>
        <span class="presets">
          {PRESETS.slice(0, 2).map(([label, width]) => (
            <button key={label} type="button" class="quiet" onClick={() => viewing.zoomTo(width)}>
              {label}
            </button>
          ))}
          <button type="button" class="quiet" title="The whole day (D)" onClick={() => viewing.showDay()}>
            Day
          </button>
          {PRESETS.slice(2).map(([label, width]) => (
            <button key={label} type="button" class="quiet" onClick={() => viewing.zoomTo(width)}>
              {label}
            </button>
          ))}
        </span>
      </div>
      <div class="timeline-field">
        <div ref={card} class="hover-card" aria-hidden="true" hidden />
        <canvas ref={canvas} class="timeline-canvas" />
        {cameras.length > 1 &&
          layout.lanes.map((lane) => (
            <span
              key={lane.camera}
              class="lane-name"
              data-active={lane.camera === viewing.active ? "" : undefined}
              style={{ top: `${lane.topPx + 4}px` }}
            >
              {lane.camera}
            </span>
          ))}
        <div
          class="timeline-slider"
          role="slider"
          tabIndex={0}
          aria-label="Moment on show"
          aria-valuemin={0}
          aria-valuemax={Math.round(Date.now() / MINUTE_MS)}
          aria-valuenow={Math.round(timeMs / MINUTE_MS)}
          aria-valuetext={`${formatDate(timeMs)}, ${formatSeconds(timeMs)} ${zoneName(timeMs)}${has === undefined ? "" : `, ${active}: ${has ? "footage" : "no footage"}`}`}
        />
        <MarkHandle viewing={viewing} which="in" handle={inHandle} />
        <MarkHandle viewing={viewing} which="out" handle={outHandle} />
      </div>
      <Legend conditions={services.conditions} />
    </section>
  );
}
