import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import type { SystemStatus } from "./system-status.ts";

/** How the recording of a camera does. */
export interface RecordingState
  extends Pick<CameraStatus, "codec" | "width" | "height" | "framesPerSecond" | "bitsPerSecond" | "newestFrame"> {
  recording: boolean;
  /** `unknown`: no recorder tells. */
  state: CameraState | "unknown";
  /** ISO 8601 UTC. */
  since: string | null;
  problem: string | null;
}

/** What a system's status says of one camera. */
export function cameraState(status: SystemStatus, camera: string): RecordingState {
  const told = status.cameras.find((each) => each.camera === camera);
  return {
    recording: status.camera[camera] ?? false,
    state: told?.state ?? "unknown",
    since: told?.since ?? null,
    problem: status.problems.find((each) => each.what === "camera" && each.camera === camera)?.message ?? null,
    ...streamOf(told),
  };
}

function streamOf(told: CameraStatus | undefined): Partial<CameraStatus> {
  const { codec, width, height, framesPerSecond, bitsPerSecond, newestFrame } = told ?? {};
  const members = { codec, width, height, framesPerSecond, bitsPerSecond, newestFrame };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
