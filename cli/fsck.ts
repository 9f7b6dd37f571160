// `nvr fsck [camera] [--deep] [--repair]`: checks the whole store, and repairs what can be repaired.
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { loadConfig } from "../shared/config/load-config.ts";
import { StoreFiles } from "../shared/disk/store-files.ts";
import { configuredDirectories, listCameraDirectories } from "../shared/store/directories.ts";
import { keepFromOtherUsers } from "../shared/store/umask.ts";
import { runCommand } from "./command.ts";
import { counted, describeDay, describeRemark } from "./fsck/remarks.ts";
import { Repairer } from "./fsck/repair.ts";
import { checkStore } from "./fsck/store-check.ts";

const USAGE = "fsck [camera] [--deep] [--repair]";
const BAR_STEPS = 10_000;
const CLEAR_LINE = "\r\u001b[K";

keepFromOtherUsers();
process.stdout.on("error", () => process.exit(1)); // whoever read the report has closed the pipe
await runCommand(main);

/** Exit code 0 when there are no faults (or all are repaired), 1 when faults are left, 2 for a wrong command line. */
async function main(): Promise<number> {
  const command = readCommandLine();
  if (command === undefined) return 2;
  const config = await loadConfig();
  const files = new StoreFiles();
  let faults = 0;
  const configured = configuredDirectories(config.cameras);
  const directories = await listCameraDirectories(files, config.storage.root, configured, (path, error) => {
    faults++;
    print(
      `FAULT: the list of camera directories has an entry that cannot be read: ${(error as Error).message}: ${path}`,
    );
  });
  if (command.camera !== undefined && !directories.some(({ camera }) => camera === command.camera)) {
    process.stderr.write(`no camera "${command.camera}" was ever recorded here\n`);
    return 2;
  }
  const sum = { minutes: 0, gaps: 0, repaired: 0 };
  const options = { format: "{bar} {percentage} %  {eta_formatted} left", forceRedraw: true, clearOnComplete: true };
  const bar = new SingleBar({ ...options, fps: 4, stream: process.stderr });
  bar.start(BAR_STEPS, 0);
  await checkStore({
    directories,
    ...(command.camera !== undefined && { camera: command.camera }),
    isDeep: command.deep,
    ...(command.repair && { repairer: new Repairer(files, config.converter) }),
    events: {
      found(remark, outcome) {
        if (remark.severity === "fault" && outcome?.isRepaired !== true) faults++;
        print(describeRemark(remark, outcome === undefined ? "" : ` (${outcome.text})`));
      },
      day(report) {
        sum.minutes += report.minutes;
        sum.gaps += report.gaps;
        sum.repaired += report.repaired;
        print(describeDay(report));
      },
      progress: (part) => bar.update(Math.round(part * BAR_STEPS)),
    },
  });
  bar.stop();
  const found = [counted(sum.minutes, "minute"), counted(sum.gaps, "gap"), counted(faults, "fault")];
  if (sum.repaired > 0) found.push(`${sum.repaired} repaired`);
  print(found.join(", "));
  return faults === 0 ? 0 : 1;
}

function readCommandLine(): { camera?: string; deep: boolean; repair: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { deep: { type: "boolean", default: false }, repair: { type: "boolean", default: false } },
    });
    if (positionals.length > 1) throw new Error("one camera at a time, or all");
    return { ...values, ...(positionals[0] !== undefined && { camera: positionals[0] }) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return undefined;
  }
}

/** Prints a line of the report; the progress bar is drawn again below it. */
function print(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  process.stdout.write(`${line}\n`);
}
