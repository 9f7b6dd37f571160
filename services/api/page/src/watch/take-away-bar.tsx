import type { JSX } from "preact";
import { minuteUrl, rangeUrl } from "../client/client.ts";
import type { Services } from "../services.ts";
import { formatClockSafely, formatDuration, formatShortDate } from "../time/format.ts";
import { startOfLocalDay } from "../time/local-day.ts";
import { floorMinute, MINUTE_MS } from "../time/minute.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import { formatBytes } from "../ui/units.ts";
import type { Session } from "./session.ts";

interface Props {
  services: Services;
  session: Session;
}

/** Marks a range and takes it away: one mp4 of each camera, with its length and size told before. */
export function TakeAwayBar({ services, session }: Props): JSX.Element {
  useChanges(session, services.footage);
  const { inMs, outMs } = session;
  return (
    <section class="take-away" aria-label="Download">
      <div class="take-marks">
        <button
          type="button"
          aria-pressed={inMs !== undefined}
          title="Mark the start (I)"
          onClick={() => session.mark("in")}
        >
          Start{inMs === undefined ? "" : ` ${formatClockSafely(inMs)}`} <kbd>I</kbd>
        </button>
        <button
          type="button"
          aria-pressed={outMs !== undefined}
          title="Mark the end (O)"
          onClick={() => session.mark("out")}
        >
          End{outMs === undefined ? "" : ` ${formatClockSafely(outMs)}`} <kbd>O</kbd>
        </button>
      </div>
      {inMs !== undefined && outMs !== undefined ? (
        <Range services={services} session={session} inMs={inMs} outMs={outMs} />
      ) : (
        <OneMinute services={services} session={session} />
      )}
    </section>
  );
}

function Range({ services, session, inMs, outMs }: Props & { inMs: number; outMs: number }): JSX.Element {
  const { fromMs, toMs } = services.footage.takeAway(session.active, inMs, outMs);
  const sameDay = startOfLocalDay(fromMs) === startOfLocalDay(toMs);
  return (
    <>
      <p class="take-what">
        <strong>
          {formatShortDate(fromMs)} {formatClockSafely(fromMs)} – {sameDay ? "" : `${formatShortDate(toMs)} `}
          {formatClockSafely(toMs)}
        </strong>{" "}
        <span class="faint">{formatDuration(toMs - fromMs)}, whole minutes</span>
      </p>
      <div class="take-links">
        {session.cameras.map((camera) => {
          const taken = services.footage.takeAway(camera, inMs, outMs);
          const gapMs = taken.toMs - taken.fromMs - taken.recordedMs;
          if (taken.minutes === 0) {
            return (
              <span key={camera} class="take-none">
                {camera}: no footage in it
              </span>
            );
          }
          return (
            <a
              key={camera}
              class="button primary"
              href={rangeUrl(camera, taken.fromMs, taken.toMs - MINUTE_MS)}
              download=""
            >
              <Icon name="download" /> {camera}
              <span class="button-detail">
                {formatDuration(taken.recordedMs)}, {formatBytes(taken.bytes)}
                {gapMs > 0 && `, ${formatDuration(gapMs)} of gaps left out`}
              </span>
            </a>
          );
        })}
        <button type="button" class="quiet" title="Remove the marks (Esc)" onClick={() => session.clearMarks()}>
          Clear
        </button>
      </div>
    </>
  );
}

function OneMinute({ services, session }: Props): JSX.Element {
  const minuteMs = session.player.minuteMs;
  const half = session.inMs !== undefined || session.outMs !== undefined;
  return (
    <>
      <p class="take-what faint">
        {half
          ? `Now mark the ${session.inMs === undefined ? "start" : "end"}.`
          : "Mark a start and an end to download a range."}
      </p>
      <div class="take-links">
        {minuteMs !== undefined && session.player.state !== "empty" && (
          <a class="button" href={minuteUrl(session.active, minuteMs)} download="">
            <Icon name="download" /> This minute
            <span class="button-detail">
              {formatClockSafely(minuteMs)}
              {sizeText(services.footage.takeAway(session.active, floorMinute(minuteMs), minuteMs + MINUTE_MS).bytes)}
            </span>
          </a>
        )}
      </div>
    </>
  );
}

function sizeText(bytes: number): string {
  return bytes === 0 ? "" : `, ${formatBytes(bytes)}`;
}
