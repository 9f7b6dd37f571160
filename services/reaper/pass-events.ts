import type { FootageMinute } from "./footage.ts";
import type { Space } from "./free-space.ts";
import type { Reason } from "./reaped-log.ts";
import type { Removal } from "./remove-minute.ts";

/** What a pass tells while it works. */
export interface PassEvents {
  /** A minute went, or would go in a dry run. */
  removed(minute: FootageMinute, reason: Reason, removal: Removal, unconverted: boolean): void;
  /** The space of a disk and the camera directories on it, measured before anything goes and after. */
  measured(path: string, space: Space, directories: readonly string[]): void;
  /** Something is wrong; once for each folder and kind of trouble in a pass. */
  problem(message: string): void;
}
