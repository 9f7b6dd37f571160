import { KeepAliveWays } from "./keep-alive-ways.ts";

/**
 * What RTSP sessions have learned about a camera, for the next one. It only saves failed attempts: none of it is
 * necessary.
 */
export class RtspMemory {
  /** The Digest algorithm, in upper case, with which the camera last accepted user and password. */
  digestAlgorithm: string | undefined;
  /**
   * Digest algorithms that the camera has refused since it last accepted user and password; the most recent is last.
   */
  refusedAlgorithms: readonly string[] = [];
  /** The address at which the camera was last reached: it is tried before other addresses of its name. */
  address: string | undefined;
  /** The requests that keep its sessions alive. */
  readonly keepAlive = new KeepAliveWays();
  /** Whether it ignores OPTIONS as the first request, or closes the connection because of it. */
  ignoresOptions = false;
  /** The URLs that it accepted for SETUP and PLAY, of those that are tried. */
  setupUrl: string | undefined;
  playUrl: string | undefined;
}
