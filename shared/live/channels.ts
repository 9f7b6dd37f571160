/**
 * Live view between recorders and apis, only over Redis publish/subscribe: nothing is stored, so nothing has to be
 * cleaned up after a process that was killed. docs/live.md describes the whole.
 */

/** An api that has viewers of a camera repeatedly publishes the camera's id here. All recorders subscribe. */
export const WATCH_CHANNEL = "hindsight:live:watch";

/** How often an api repeats that it has viewers. A recorder that has just started learns of them within this time. */
export const RENEW_INTERVAL_MS = 1000;

/** How long a recorder sends a camera's frames after the last message that it has viewers. */
export const WATCH_EXPIRY_MS = 4000;

/** The channel for the frames of a camera while it has viewers; see `encodeFrame`. */
export function framesChannel(camera: string): string {
  return `hindsight:live:frames:${camera}`;
}
