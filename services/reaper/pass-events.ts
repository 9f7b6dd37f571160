import type { FootageMinute } from "./footage.ts";
import type { Space } from "./free-space.ts";
import type { Reason } from "./reaped-log.ts";
import type { Removal } from "./remove-minute.ts";

/** What a pass reports while it runs. */
export interface PassEvents {
  /** A minute was deleted, or would have been in a dry run. */
  removed(minute: FootageMinute, reason: Reason, removal: Removal, unconverted: boolean): void;
  /** The space of a disk and the camera directories on it, measured before and after deleting. */
  measured(path: string, space: Space, directories: readonly string[]): void;
  /** Something is wrong; reported once per pass for each folder and kind of problem. */
  problem(message: string): void;
}
