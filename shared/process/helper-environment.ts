/**
 * Variables that say where programs and libraries are, and where files may be created: nothing of ours, above all no
 * secret.
 */
const PASSED_ON = ["PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR"];
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * The environment for a program that is not one of our services: it gets no `NVR_CAMERAS`, no `REDIS_URL`, no locale.
 */
export function helperEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv & { PATH: string } {
  const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { PATH: DEFAULT_PATH, ...Object.fromEntries(passed) };
}
