import type { WebSocket } from "ws";
import type { Audience } from "./audience.ts";

/** One camera's live stream in one format, for all its viewers in this process. */
export interface Channel {
  readonly audience: Audience;
  /** Adds a viewer. */
  join(socket: WebSocket): void;
  /** Releases everything; the caller closes the viewers' connections. */
  stop(): void;
}

/** WebSocket close codes that are sent to viewers (RFC 6455 §7.4.1). */
export const CloseCode = {
  goingAway: 1001,
  internalError: 1011,
  tryAgainLater: 1013,
  /** Private code: the camera is no longer recorded. */
  cameraGone: 4404,
} as const;
