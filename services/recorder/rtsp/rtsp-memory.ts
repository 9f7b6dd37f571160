import { KeepAliveWays } from "./keep-alive-ways.ts";

/**
 * What RTSP sessions have learned about a camera and the next one is to know. Nothing in it is more than a short cut.
 */
export class RtspMemory {
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
}
