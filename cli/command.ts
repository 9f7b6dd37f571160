import { CONFIG_EXIT_CODE, ConfigError } from "../shared/config/config-error.ts";

/**
 * Runs a command and sets the exit code of this process: what `main` returns; 78 when the configuration is wrong, or 1
 * when anything else failed, which is then printed in one line.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = error instanceof ConfigError ? CONFIG_EXIT_CODE : 1;
  }
}
