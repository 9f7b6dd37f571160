import type { WrongRate } from "../clock/rate-gauge.ts";
import { KeepAliveWays } from "../rtsp/keep-alive-ways.ts";

/**
 * What sessions have learned about a camera and the next one is to know. There is one for each camera recorder, which hands
 * it to every session; it is forgotten when the camera's configuration changes or the process ends, as nothing in it is
 * more than a short cut.
 */
export class CameraMemory {
  /** The Digest algorithm, in upper case, with which the camera took user and password last. */
  digestAlgorithm: string | undefined;
  /** Digest algorithms that the camera has refused since it took user and password last, the latest last. */
  refusedAlgorithms: readonly string[] = [];
  /** The address at which the camera was reached last: of several of its name, the one to be tried first. */
  address: string | undefined;
  /** By which requests its sessions stay alive. */
  readonly keepAlive = new KeepAliveWays();
  /** It leaves OPTIONS unanswered, or hangs up at it, before anything else was said. */
  ignoresOptions = false;
  /** The URLs that it took for SETUP and PLAY, of those that are tried. */
  setupUrl: string | undefined;
  playUrl: string | undefined;
  /** How its RTP timestamps run, when they cannot be used. */
  wrongRate: WrongRate | undefined;
  /** The longest time without video after which it went on by itself, if that was longer than its stallTimeout. */
  longestPauseMs = 0;
  /** Sessions in a row that fell silent after a moment of video, though the camera answered. */
  briefSessions = 0;
}
