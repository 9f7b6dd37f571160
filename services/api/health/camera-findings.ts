import type { Finding } from "../../../shared/health/condition.ts";
import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import { isRecording, type Observation } from "./observation.ts";

/** A finding; `brief` is its message in fewer words, for places that show subject and kind beside it. */
export interface WordedFinding extends Finding {
  brief?: string;
}

const CLOCK_OFF_MS = 5000;
const CLOCK_NEAR_MS = 4000;
/** Recorders report frames up to a few seconds after they were taken. */
const HOSTS_OFF_MS = 5000;
const HOSTS_NEAR_MS = 3000;

const ADVICE: Record<CameraState, string> = {
  connecting: "See whether it has power and can be reached; ./nvr check tries its url.",
  refused: "Correct its url, user or password; ./nvr check tries it.",
  unwritten: "It sends, but nothing reaches the disk: see its directory, and the recorder's log.",
  stalled: "It is connected but sends nothing: see its network, and start it again if that lasts.",
  stopped: "See whether its recorder runs, and that recorder's log.",
  recording: "",
};

/** What is wrong with the cameras and their footage. */
export function cameraFindings(seen: Observation): WordedFinding[] {
  return seen.enabled.flatMap((camera) => {
    const status = seen.statuses?.find((each) => each.camera === camera);
    if (!isRecording(camera, seen)) return [notRecording(camera, status, seen)];
    return [...gapOf(camera, seen), ...(status === undefined ? [] : clocksOf(status, seen.nowMs))];
  });
}

function notRecording(camera: string, status: CameraStatus | undefined, seen: Observation): WordedFinding {
  const kind = { id: "camera-not-recording", severity: "error", subject: camera } as const;
  if (seen.statuses === undefined) {
    const message = "not recording: no chunk grows (its state is unknown while Redis is away)";
    return { ...kind, message, advice: "Bring Redis back, and see the recorder's log." };
  }
  if (status === undefined) {
    const advice = "See whether the recorder runs, and its log.";
    return { ...kind, message: "not recording: no recorder holds it", brief: "no recorder holds it", advice };
  }
  const why = status.problem === undefined ? "" : `: ${status.problem}`;
  const message = `not recording (${status.state})${why}`;
  const brief = status.problem ?? status.state;
  return { ...kind, since: status.since, message, brief, advice: ADVICE[status.state] };
}

function gapOf(camera: string, { footage }: Observation): WordedFinding[] {
  const gap = footage?.get(camera)?.gap;
  if (gap === undefined) return [];
  const minutes = Math.round((gap.toMs - gap.fromMs) / 60_000);
  const stretch = minutes === 1 ? clockTime(gap.fromMs) : `${clockTime(gap.fromMs)} to ${clockTime(gap.toMs)}`;
  return [
    {
      id: "footage-missing",
      severity: "warning",
      subject: camera,
      since: new Date(gap.fromMs).toISOString(),
      message: `no footage of ${minutes === 1 ? "one minute" : `${minutes} minutes`}: ${stretch} UTC`,
      advice: "It cannot be had any more. The recorder's log of that time says why.",
      isSettled: true,
    },
  ];
}

function clocksOf(status: CameraStatus, nowMs: number): WordedFinding[] {
  const findings: WordedFinding[] = [];
  const offsetMs = Math.abs(status.cameraClockOffsetMs ?? 0);
  if (offsetMs > CLOCK_NEAR_MS) {
    const direction = (status.cameraClockOffsetMs ?? 0) > 0 ? "ahead of" : "behind";
    findings.push({
      id: "camera-clock-off",
      severity: "warning",
      subject: status.camera,
      message: `its own clock is ${spoken(offsetMs)} ${direction} the recorder's`,
      advice:
        "Footage is filed by the recorder's clock; but a time that the camera writes into the picture is wrong. Set NTP in the camera.",
      isNear: offsetMs <= CLOCK_OFF_MS,
    });
  }
  const aheadMs = Date.parse(status.newestFrame ?? "") - nowMs;
  if (aheadMs > HOSTS_NEAR_MS) {
    findings.push({
      id: "clocks-disagree",
      severity: "warning",
      subject: hostOf(status.recorder),
      message: "the newest frames are from the future: this recorder's clock and the api's differ, or one was set back",
      advice: "Run NTP on every host; see `timedatectl`.",
      isNear: aheadMs <= HOSTS_OFF_MS,
    });
  }
  return findings;
}

/** The host of a recorder's name, which is `{host}:{pid}:{random}`. */
function hostOf(recorder: string): string {
  return recorder.split(":", 1)[0] ?? recorder;
}

/** `14:33`, in UTC. */
function clockTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 16);
}

/** A duration in words, rounded so that it does not change all the time. */
function spoken(durationMs: number): string {
  const steps: [number, string][] = [
    [86_400_000, "days"],
    [3_600_000, "hours"],
    [60_000, "minutes"],
  ];
  const [unitMs, unit] = steps.find(([step]) => durationMs >= 2 * step) ?? [1000, "seconds"];
  return `${Math.round(durationMs / unitMs)} ${unit}`;
}
