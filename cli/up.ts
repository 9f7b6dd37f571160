// `nvr up`: runs the whole fleet in the foreground.

import { PassThrough } from "node:stream";
import { CONFIG_EXIT_CODE, ConfigError } from "../shared/config/config-error.ts";
import { LiveConfigFile } from "../shared/config/live-config.ts";
import { secretsIn } from "../shared/config/secrets.ts";
import { StoreFiles } from "../shared/disk/store-files.ts";
import { createLogger } from "../shared/logging/create-logger.ts";
import { processSurroundings } from "../shared/process/surroundings.ts";
import { keepFromOtherUsers } from "../shared/store/umask.ts";
import { LocalFleet } from "./local-fleet.ts";
import { eachLine } from "./log-lines.ts";

const DEFAULT_REDIS_URL = "redis://127.0.0.1:6379";

keepFromOtherUsers();
const files = new StoreFiles();
let config: LiveConfigFile;
try {
  config = await LiveConfigFile.open(files);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(CONFIG_EXIT_CODE);
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const say = (line: string) => print(`nvr       | ${line}`);
const fleet = new LocalFleet({ config, files, redisUrl: namedRedis(), print });
let isStopping = false;
const stop = () => {
  if (isStopping) {
    say("stopping already: give it a moment");
    return;
  }
  isStopping = true;
  void fleet.stop().then(() => process.exit(0));
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
process.on("SIGHUP", stop);
process.stdout.on("error", () => {}); // the terminal is gone; SIGHUP follows

const output = new PassThrough();
eachLine(output, say);
files.disks.requireMounts(config.current.storage.mountPoints);
config.watch(createLogger({ service: "nvr", config, secrets: secretsIn(config), output }));
config.onChange(({ storage }) => {
  files.disks.requireMounts(storage.mountPoints);
  void fleet.reconfigure();
});
try {
  await fleet.start();
} catch (error) {
  say((error as Error).message);
  await fleet.stop();
  process.exit(1);
}

/** The Redis named in the environment or the file; undefined when neither names one, so that the fleet runs its own. */
function namedRedis(): string | undefined {
  const { url } = config.current.redis;
  const { REDIS_URL } = processSurroundings().env;
  return REDIS_URL || url !== DEFAULT_REDIS_URL ? url : undefined;
}
