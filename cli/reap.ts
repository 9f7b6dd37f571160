import { DaySizes } from "../services/reaper/day-sizes.ts";
import { describeRemoval, REASONS } from "../services/reaper/describe-removal.ts";
import { goalBytes, goalInodes } from "../services/reaper/free-space.ts";
import { runPass } from "../services/reaper/pass.ts";
import { ReapedLog } from "../services/reaper/reaped-log.ts";
import { spaceGoal } from "../services/reaper/rules.ts";
import { loadConfig } from "../shared/config/load-config.ts";
import { StoreFiles } from "../shared/disk/store-files.ts";
import { parseFootageName } from "../shared/store/names.ts";

import { runCommand } from "./command.ts";

// `./nvr reap --dry-run`: prints what the reaper would delete now, and deletes nothing.
// `./nvr reap --why camera.YYYYMMDD.HHMM`: prints whether the reaper deleted a minute, when and why.
const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const [option, name] = process.argv.slice(2);
  if (option === "--why" && process.argv.length === 4) return why(name as string);
  if (option !== "--dry-run" || process.argv.length > 3) {
    process.stderr.write(
      "reap --dry-run, or reap --why camera.YYYYMMDD.HHMM; deleting is the reaper service's own work\n",
    );
    return 2;
  }
  const config = await loadConfig();
  if (config.reaper === undefined) {
    print("there is no reaper stanza in the configuration: nothing will ever be deleted");
    return 0;
  }
  const reaper = { ...config.reaper, dryRun: true };
  let minutes = 0;
  let bytes = 0;
  let problems = 0;
  const files = new StoreFiles();
  await runPass({
    files,
    config,
    reaper,
    log: new ReapedLog(files, config.storage.root),
    sizes: new DaySizes(files),
    mayGoOn: () => true,
    events: {
      removed(minute, reason, removal, unconverted) {
        minutes++;
        bytes += removal.freed.bytes;
        print(describeRemoval(minute, reason, removal, unconverted, true));
      },
      measured(path, space, directories) {
        const { freeBytes, totalBytes } = space;
        const goal = spaceGoal(config, reaper, directories);
        const part = (bytes: number) => `${((100 * bytes) / totalBytes).toFixed(1)} %`;
        const size = `${(totalBytes / 1e9).toFixed(1)} GB`;
        print(`${path}: ${part(freeBytes)} free of ${size}; ${part(goalBytes(space, goal))} are to be free`);
        const { inodes } = space;
        if (inodes === undefined) return;
        print(`${path}: ${inodes.free} free of ${inodes.total} inodes; ${goalInodes(space, goal)} are to be free`);
      },
      problem(message) {
        problems++;
        print(`problem: ${message}`);
      },
    },
  });
  print(`would remove ${minutes} minutes, ${Math.round(bytes / 1e6)} MB`);
  return problems === 0 ? 0 : 1;
}

/** Exit code 0 when the log contains the minute, 1 when it does not. */
async function why(name: string): Promise<number> {
  const footage = parseFootageName(`${name}.mp4`);
  if (footage === undefined) {
    process.stderr.write(`"${name}" is no minute: camera.YYYYMMDD.HHMM, in UTC\n`);
    return 2;
  }
  const { storage } = await loadConfig();
  const entries = await new ReapedLog(new StoreFiles(), storage.root).find(footage.camera, footage.minute);
  for (const { at, directory, reason, unconverted, files } of entries) {
    const warning = unconverted ? "; it had not been converted" : "";
    print(`${at}: deleted from ${directory}, as ${REASONS[reason]}${warning} (${files.join(", ")})`);
  }
  if (entries.length === 0)
    print("the reaper's log does not tell of this minute: it was not deleted by the reaper lately");
  return entries.length === 0 ? 1 : 0;
}

await runCommand(main);
