/**
 * The environment and working directory of a process: they decide which configuration file is read, and what relative
 * paths mean.
 */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** The surroundings of this process. The only place that reads its environment. */
export function processSurroundings(): Surroundings {
  return { env: process.env, cwd: process.cwd() };
}
