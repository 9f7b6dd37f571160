import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CameraStatus } from "../../../../../shared/status/camera-status.ts";
import { previewUrl, thumbnailUrl } from "../client/client.ts";
import type { SystemStatus } from "../client/types.ts";
import { useLiveOnHover } from "../live/live-on-hover.ts";
import type { LiveRefusal } from "../live/live-refusal.ts";
import { LiveView } from "../live/live-view.tsx";
import type { Services } from "../services.ts";
import { formatClock, formatDuration, formatMoment } from "../time/format.ts";
import { MINUTE_MS } from "../time/minute.ts";
import { codecName } from "../ui/codecs.ts";
import { formatRoute } from "../ui/route.ts";
import { useTick } from "../ui/store.ts";
import { formatBitRate } from "../ui/units.ts";

const STATES: Record<CameraStatus["state"], string> = {
  connecting: "Connecting",
  recording: "Recording",
  unwritten: "Cannot be written",
  stalled: "No picture",
  refused: "Refused",
  stopped: "Stopped",
};
/** Maximum time between the end of a minute and its conversion. */
const CONVERSION_MS = 10_000;

interface Props {
  services: Services;
  camera: string;
  status: SystemStatus;
}

/** A camera: its newest picture, its state, its problems, and the link to its footage. */
export function CameraCard({ services, camera, status }: Props): JSX.Element {
  useTick(5000);
  const live = useLiveOnHover();
  const detail = status.cameras.find((each) => each.camera === camera);
  const recording = status.camera[camera] === true;
  const problem = status.problems.find((each) => each.camera === camera && each.what !== "conversion");
  const newestMs = services.footage.newestReady(camera);
  const tone = recording ? "good" : detail?.state === "connecting" ? "warn" : "bad";
  const state = detail === undefined ? (recording ? "Recording" : "Not recording") : STATES[detail.state];
  const since = detail?.since ?? problem?.since;
  const sinceMs = since === undefined ? Number.NaN : Date.parse(since);
  const lasted = Number.isNaN(sinceMs) ? "" : ` for ${formatDuration(Date.now() - sinceMs)}`;
  return (
    <li class="card" data-tone={tone} {...live.handlers}>
      <a class="card-link" href={formatRoute({ view: "watch", cameras: [camera] })} aria-label={`Footage of ${camera}`}>
        <Picture
          camera={camera}
          minuteMs={newestMs}
          known={services.footage.loaded}
          sinceMs={recording ? sinceMs : Number.NaN}
          isLive={live.isLive && recording}
          refusal={services.liveRefusal}
        />
        <div class="card-text">
          <h2>{camera}</h2>
          <p class="state" title={Number.isNaN(sinceMs) ? undefined : `since ${formatMoment(sinceMs, Date.now())}`}>
            <span class="dot" aria-hidden="true" />
            <span>
              {state}
              {lasted}
            </span>
          </p>
          {problem !== undefined && (
            <p class="card-problem">
              {problem.message}
              {problem.todo !== undefined && <span class="todo">{problem.todo}</span>}
            </p>
          )}
          {recording && <p class="stream">{detail === undefined ? "" : describeStream(detail)}</p>}
        </div>
      </a>
      {recording && (
        <button
          type="button"
          class="live-button"
          aria-label={live.isLive ? `End live picture of ${camera}` : `Live picture of ${camera}`}
          onClick={live.toggle}
        >
          {live.isLive ? "End live" : "Live"}
        </button>
      )}
    </li>
  );
}

function Picture(props: {
  camera: string;
  minuteMs: number | undefined;
  known: boolean;
  sinceMs: number;
  isLive: boolean;
  refusal: LiveRefusal;
}): JSX.Element {
  const { camera, minuteMs, known, sinceMs, isLive, refusal } = props;
  // The previous picture stays until the new one is loaded.
  const [shown, setShown] = useState<number>();
  if (minuteMs === undefined) {
    return (
      <div class="card-picture card-empty">
        <span>{known ? firstPictureText(sinceMs) : "Loading…"}</span>
        {isLive && <LiveView camera={camera} hasText={false} refusal={refusal} />}
      </div>
    );
  }
  const label = formatMoment(minuteMs, Date.now());
  return (
    <div class="card-picture">
      {shown !== undefined && shown !== minuteMs && <img src={thumbnailUrl(camera, shown)} alt="" />}
      <img
        key={minuteMs}
        src={thumbnailUrl(camera, minuteMs)}
        srcset={`${thumbnailUrl(camera, minuteMs)} 320w, ${previewUrl(camera, minuteMs)} 1280w`}
        sizes="300px"
        alt={`${camera}, ${label}`}
        onLoad={() => setShown(minuteMs)}
      />
      <span class="card-time">{label}</span>
      {isLive && <LiveView camera={camera} hasText={false} refusal={refusal} />}
    </div>
  );
}

function firstPictureText(sinceMs: number): string {
  if (Number.isNaN(sinceMs)) return "No footage yet. It begins as soon as the camera can be reached.";
  const firstMs = Math.ceil((sinceMs + 1) / MINUTE_MS) * MINUTE_MS + CONVERSION_MS;
  if (Date.now() > firstMs + MINUTE_MS) return "No footage yet, although it should be there by now: look at Jobs.";
  return `Recording. The first minute can be seen shortly after ${formatClock(firstMs)}.`;
}

/** The coded size, and the display size too where the pictures are stretched. */
function describeSize({ width, height, displayWidth = width, displayHeight = height }: CameraStatus): string[] {
  if (width === undefined || height === undefined) return [];
  const isStretched = displayWidth !== width || displayHeight !== height;
  return [`${width}×${height}${isStretched ? ` shown as ${displayWidth}×${displayHeight}` : ""}`];
}

function describeStream(detail: CameraStatus): string {
  return [
    detail.codec === undefined ? [] : [codecName(detail.codec)],
    describeSize(detail),
    detail.framesPerSecond === undefined ? [] : [`${Math.round(detail.framesPerSecond * 10) / 10} fps`],
    detail.bitsPerSecond === undefined ? [] : [formatBitRate(detail.bitsPerSecond)],
  ]
    .flat()
    .join(" · ");
}
