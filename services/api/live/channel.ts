import type { WebSocket } from "ws";
import type { Audience } from "./audience.ts";

/** One camera's live stream in one form, for all its viewers in this process. */
export interface Channel {
  readonly audience: Audience;
  /** Shows the stream to one more viewer. */
  join(socket: WebSocket): void;
  /** Lets go of everything; viewers are hung up on by whoever calls it. */
  stop(): void;
}

/** Close codes of RFC 6455 §7.4.1 that viewers are told, with the reason in words. */
export const CloseCode = {
  goingAway: 1001,
  internalError: 1011,
  tryAgainLater: 1013,
  /** Of our own: the camera is recorded no more. */
  cameraGone: 4404,
} as const;
