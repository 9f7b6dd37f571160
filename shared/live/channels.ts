/**
 * Live view between recorders and apis, over Redis publish/subscribe alone: nothing of it is ever stored, so nothing has
 * to be cleaned up after a process that was killed. docs/live.md tells the whole.
 */

/** An api that has viewers of a camera says the camera's id here, again and again. All recorders listen. */
export const WATCH_CHANNEL = "hindsight:live:watch";

/** How often an api repeats that it has viewers. A recorder that was just started learns of them within this time. */
export const RENEW_INTERVAL_MS = 1000;

/** A recorder sends a camera's frames for so long after it was last told of viewers. */
export const WATCH_EXPIRY_MS = 4000;

/** Where the frames of a camera are sent while somebody watches; see `encodeFrame`. */
export function framesChannel(camera: string): string {
  return `hindsight:live:frames:${camera}`;
}
