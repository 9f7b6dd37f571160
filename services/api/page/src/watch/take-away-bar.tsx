import "./take-away.css";
import type { JSX } from "preact";
import { minuteUrl } from "../client/client.ts";
import type { Services } from "../services.ts";
import { formatClockSafely, formatExactDuration, formatSecondsSafely, formatShortDate } from "../time/format.ts";
import { startOfLocalDay } from "../time/local-day.ts";
import { floorMinute, MINUTE_MS } from "../time/minute.ts";
import { canJoin, codecName } from "../ui/codecs.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import { formatBytes } from "../ui/units.ts";
import { instant, rangeUrl, useRangeOffer, zipUrl } from "./range-offer.ts";
import type { Viewing } from "./viewing.ts";

interface Props {
  services: Services;
  viewing: Viewing;
}

interface RangeProps extends Props {
  inMs: number;
  outMs: number;
}

/** Marks a range and downloads it: one mp4 of each camera, or all in a zip, with length and size shown beforehand. */
export function TakeAwayBar({ services, viewing }: Props): JSX.Element {
  useChanges(viewing, services.footage);
  const { inMs, outMs } = viewing;
  return (
    <section class="take-away" aria-label="Download">
      <div class="take-marks">
        <button
          type="button"
          aria-pressed={inMs !== undefined}
          title="Mark the start (I)"
          onClick={() => viewing.mark("in")}
        >
          Start{inMs === undefined ? "" : ` ${formatSecondsSafely(inMs)}`} <kbd>I</kbd>
        </button>
        <button
          type="button"
          aria-pressed={outMs !== undefined}
          title="Mark the end (O)"
          onClick={() => viewing.mark("out")}
        >
          End{outMs === undefined ? "" : ` ${formatSecondsSafely(outMs)}`} <kbd>O</kbd>
        </button>
      </div>
      {inMs !== undefined && outMs !== undefined ? (
        <Range services={services} viewing={viewing} inMs={inMs} outMs={outMs} />
      ) : (
        <OneMinute services={services} viewing={viewing} />
      )}
    </section>
  );
}

function Range({ services, viewing, inMs, outMs }: RangeProps): JSX.Element {
  const sameDay = startOfLocalDay(inMs) === startOfLocalDay(outMs);
  const withFootage = viewing.cameras.filter((camera) => services.footage.takeAway(camera, inMs, outMs).recordedMs > 0);
  return (
    <>
      <p class="take-what">
        <strong>
          {formatShortDate(inMs)} {formatSecondsSafely(inMs)} – {sameDay ? "" : `${formatShortDate(outMs)} `}
          {formatSecondsSafely(outMs)}
        </strong>{" "}
        <span class="faint">{formatExactDuration(outMs - inMs)}</span>
      </p>
      <div class="take-links">
        {viewing.cameras.map((camera) =>
          withFootage.includes(camera) ? (
            <OneCamera key={camera} services={services} camera={camera} inMs={inMs} outMs={outMs} />
          ) : (
            <span key={camera} class="take-none">
              {camera}: no footage in it
            </span>
          ),
        )}
        {withFootage.length > 1 && (
          <a class="button" href={zipUrl(withFootage, instant(inMs), instant(outMs))} download="">
            <Icon name="download" /> All in a zip
          </a>
        )}
        <button type="button" class="quiet" title="Remove the marks (Esc)" onClick={() => viewing.clearMarks()}>
          Clear
        </button>
      </div>
    </>
  );
}

/** One camera's video of the range; its size is estimated at first, and exact as soon as the api has answered. */
function OneCamera(props: { services: Services; camera: string; inMs: number; outMs: number }): JSX.Element {
  const { services, camera, inMs, outMs } = props;
  const url = rangeUrl(camera, instant(inMs), instant(outMs));
  const offer = useRangeOffer(url);
  if (offer.state === "split") {
    return (
      <span class="take-split" role="status">
        {camera} changed its codec in it, so it comes in {offer.ranges.length} parts:{" "}
        {offer.ranges.map(({ codec, start, end }) => (
          <Part key={start} camera={camera} codec={codec} start={start} end={end} />
        ))}
      </span>
    );
  }
  if (offer.state === "refused") {
    return (
      <span class="take-none" role="status">
        {camera}: {offer.problem}
      </span>
    );
  }
  const reckoned = services.footage.takeAway(camera, inMs, outMs);
  const ends = offer.state === "ready" ? offer.endMs : undefined;
  const gapMs = outMs - inMs - reckoned.recordedMs - (ends === undefined ? 0 : outMs - ends);
  return (
    <a class="button primary" href={url} download="" data-exact={offer.state === "ready" ? "" : undefined}>
      <Icon name="download" /> {camera}
      <span class="button-detail">
        {formatExactDuration(reckoned.recordedMs)},{" "}
        {offer.state === "ready" ? formatBytes(offer.bytes) : `about ${formatBytes(reckoned.bytes)}`}
        {gapMs >= 1000 && `, ${formatExactDuration(gapMs)} of gaps left out`}
        {ends !== undefined && `, up to the newest picture of ${formatSecondsSafely(ends)}`}
      </span>
    </a>
  );
}

/** A part in one codec, which may or may not be possible to cut and join. */
function Part({
  camera,
  codec,
  start,
  end,
}: {
  camera: string;
  codec: string;
  start: string;
  end: string;
}): JSX.Element {
  const times = `${formatSecondsSafely(Date.parse(start))} – ${formatSecondsSafely(Date.parse(end))}`;
  if (!canJoin(codec)) {
    return (
      <span>
        {codecName(codec)} {times}: minute by minute only
      </span>
    );
  }
  return (
    <a class="button" href={rangeUrl(camera, start, end)} download="">
      <Icon name="download" /> {codecName(codec)}
      <span class="button-detail">{times}</span>
    </a>
  );
}

function OneMinute({ services, viewing }: Props): JSX.Element {
  const minuteMs = viewing.player.minuteMs;
  const half = viewing.inMs !== undefined || viewing.outMs !== undefined;
  return (
    <>
      <p class="take-what faint">
        {half
          ? `Now mark the ${viewing.inMs === undefined ? "start" : "end"}.`
          : "Mark a start and an end to download a range."}
      </p>
      <div class="take-links">
        {minuteMs !== undefined && viewing.player.state !== "empty" && (
          <a class="button" href={minuteUrl(viewing.active, minuteMs)} download="">
            <Icon name="download" /> This minute
            <span class="button-detail">
              {formatClockSafely(minuteMs)}
              {sizeText(services.footage.takeAway(viewing.active, floorMinute(minuteMs), minuteMs + MINUTE_MS).bytes)}
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
