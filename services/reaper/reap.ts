import { CONFIG_EXIT_CODE, ConfigError } from "../../shared/config/config-error.ts";
import { loadConfig } from "../../shared/config/load-config.ts";
import { runPass } from "./pass.ts";
import { describeRemoval } from "./reaper.ts";

// `./nvr reap --dry-run`: prints what the reaper would delete now, and deletes nothing.
const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  if (process.argv[2] !== "--dry-run" || process.argv.length > 3) {
    process.stderr.write("only `reap --dry-run` is there: deleting is the reaper service's own work\n");
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
  await runPass({
    config,
    reaper,
    mayGoOn: () => true,
    events: {
      removed(minute, reason, removal, unconverted) {
        minutes++;
        bytes += removal.freedBytes;
        print(describeRemoval(minute, reason, removal, unconverted, true));
      },
      measured: (path, { freeBytes, totalBytes }) =>
        print(`${path}: ${((100 * freeBytes) / totalBytes).toFixed(1)} % free of ${(totalBytes / 1e9).toFixed(1)} GB`),
      problem(message) {
        problems++;
        print(`problem: ${message}`);
      },
    },
  });
  print(`would remove ${minutes} minutes, ${Math.round(bytes / 1e6)} MB`);
  return problems === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof ConfigError ? CONFIG_EXIT_CODE : 1;
}
