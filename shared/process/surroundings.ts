/** Where a process is started: decides which configuration file is read and what relative paths mean. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** The surroundings of this process: nothing else reads its environment. */
export function processSurroundings(): Surroundings {
  return { env: process.env, cwd: process.cwd() };
}
