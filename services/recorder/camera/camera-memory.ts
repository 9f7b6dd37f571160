import type { WrongRate } from "../clock/rate-gauge.ts";
import { RtspMemory } from "../rtsp/rtsp-memory.ts";

/**
 * What sessions have learned about a camera, for the next one. Each camera recorder has one and passes it to every
 * session; it is discarded when the camera's configuration changes or the process ends.
 */
export class CameraMemory {
  readonly rtsp = new RtspMemory();
  /** The rate of its RTP timestamps, when they cannot be used. */
  wrongRate: WrongRate | undefined;
  /** The longest pause without video after which it continued by itself, if longer than its stallTimeout. */
  longestPauseMs = 0;
  /** Number of sessions in a row that became silent soon after their first video, though the camera answered. */
  briefSessions = 0;
}
