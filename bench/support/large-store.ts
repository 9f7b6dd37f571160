import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { minutePath } from "../../shared/store/names.ts";
import { minuteAt } from "../../shared/time/minute.ts";

/**
 * Writes empty files for a number of days and cameras, ending yesterday; the first camera is `cam-1`, or `cam-{first}`.
 * Returns the camera directories by id.
 */
export function makeLargeStore(
  root: string,
  cameras: number,
  days: number,
  nowMs: number,
  first = 1,
): Map<string, string> {
  const directories = new Map<string, string>();
  for (let camera = first; camera < first + cameras; camera++) {
    const id = `cam-${camera}`;
    const directory = join(root, id);
    directories.set(id, directory);
    for (let day = days; day >= 1; day--) {
      const startMs = Math.floor(nowMs / 86_400_000 - day) * 86_400_000;
      mkdirSync(join(directory, minuteAt(startMs * 1000).slice(0, 8)), { recursive: true });
      for (let minute = 0; minute < 1440; minute++) {
        const name = minuteAt((startMs + minute * 60_000) * 1000);
        for (const kind of ["mp4", "preview", "thumbnail"] as const) {
          closeSync(openSync(minutePath(directory, id, name, kind), "w"));
        }
      }
    }
  }
  return directories;
}
