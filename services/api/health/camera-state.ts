import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import type { SystemStatus } from "./system-status.ts";

const STREAM_MEMBERS = [
  ...(["codec", "width", "height", "displayWidth", "displayHeight"] as const),
  ...(["framesPerSecond", "bitsPerSecond", "newestFrame"] as const),
];
type StreamMember = (typeof STREAM_MEMBERS)[number];

/** The state of a camera's recording. */
export interface RecordingState extends Pick<CameraStatus, StreamMember> {
  recording: boolean;
  /** `unknown`: no recorder reports it. */
  state: CameraState | "unknown";
  /** ISO 8601 UTC. */
  since: string | null;
  problem: string | null;
}

/** The part of a system's status that concerns one camera. */
export function cameraState(status: SystemStatus, camera: string): RecordingState {
  const report = status.cameras.find((each) => each.camera === camera);
  return {
    recording: status.camera[camera] ?? false,
    state: report?.state ?? "unknown",
    since: report?.since ?? null,
    problem: status.problems.find((each) => each.what === "camera" && each.camera === camera)?.message ?? null,
    ...streamOf(report),
  };
}

function streamOf(report: CameraStatus | undefined): Partial<CameraStatus> {
  const members = STREAM_MEMBERS.map((member) => [member, report?.[member]] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}
