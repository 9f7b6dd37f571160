import type { WrongRate } from "../clock/rate-gauge.ts";
import { RtspMemory } from "../rtsp/rtsp-memory.ts";

/**
 * What sessions have learned about a camera and the next one is to know. There is one for each camera recorder, which hands
 * it to every session; it is forgotten when the camera's configuration changes or the process ends.
 */
export class CameraMemory {
  readonly rtsp = new RtspMemory();
  /** How its RTP timestamps run, when they cannot be used. */
  wrongRate: WrongRate | undefined;
  /** The longest time without video after which it went on by itself, if that was longer than its stallTimeout. */
  longestPauseMs = 0;
  /** Sessions in a row that fell silent after a moment of video, though the camera answered. */
  briefSessions = 0;
}
