import { Disks } from "../../../shared/disk/disks.ts";
import { RecordingDisks, type RecordingDisksOptions } from "../chunk/recording-disks.ts";

/** Recording disks without a reserve. */
export function recordingDisks(given: Partial<RecordingDisksOptions> = {}): RecordingDisks {
  return new RecordingDisks({ disks: new Disks(), reserveBytes: 0, roomWanted: () => {}, ...given });
}
