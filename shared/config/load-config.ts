import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { processSurroundings, type Surroundings } from "../process/surroundings.ts";
import { CAMERA_ID_PATTERN } from "../store/names.ts";
import type { CameraConfig, CameraTimers, CameraTls, Config, HealthConfig, ReaperConfig } from "./config.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type ConfigText, parseConfigText } from "./config-file.ts";
import { reaperSchema } from "./reaper-schema.ts";
import { cameraSchema, JSON_ENV, mainSchema, type Values } from "./schema.ts";
import { isObject, readStanza, type Source } from "./stanza.ts";

export const DEFAULT_CONFIG_PATH = "config/nvr.json";

/** The absolute path of the configuration file: NVR_CONFIG, or config/nvr.json. */
export function configPath({ env, cwd }: Surroundings): string {
  return resolve(cwd, env.NVR_CONFIG || DEFAULT_CONFIG_PATH);
}

/**
 * Reads the configuration file and the environment. Without a file at the default path all keys have their defaults and
 * there are no cameras; a file named by NVR_CONFIG must exist. Throws ConfigError.
 */
export async function loadConfig(surroundings: Surroundings = processSurroundings()): Promise<Config> {
  const text = await readConfigText(surroundings);
  return parseConfig(text ?? "{}", configPath(surroundings), surroundings);
}

/** The text of the configuration file, or undefined when there is none and none is required. Throws ConfigError. */
export async function readConfigText(surroundings: Surroundings): Promise<string | undefined> {
  const path = configPath(surroundings);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const named = (surroundings.env.NVR_CONFIG || DEFAULT_CONFIG_PATH) !== DEFAULT_CONFIG_PATH;
    if (code === "ENOENT" && !named) return undefined;
    const todo = named ? "see whether NVR_CONFIG names the right file" : "see whether this user may read it";
    throw new ConfigError([{ key: "", expected: `cannot be read (${code}): ${todo}`, place: path }], { cause: error });
  }
}

/**
 * Makes the configuration from a file's text and the environment. `name` is the file's name in messages. Throws
 * ConfigError.
 */
export function parseConfig(text: string, name: string, { env, cwd }: Surroundings): Config {
  const file = parseConfigText(text, name);
  const problems: ConfigProblem[] = [];
  const setEnv = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const { cameras: _cameras, reaper: _reaper, ...rest } = file.value;
  const main = readStanza(mainSchema, { key: [], value: rest, place: file.place, env: setEnv }, problems);
  const { connectTimeout, stallTimeout, keyframeTimeout, retryMin, retryMax, ...recorder } = main.recorder;
  const timers = timersOf({ connectTimeout, stallTimeout, keyframeTimeout, retryMin, retryMax });
  checkRetries(timers, "recorder", file.place(["recorder", "retryMax"]), problems);
  const root = resolve(cwd, String(main.storage.root));
  const context = { cwd, root, timers, problems };
  const cameras = readCameras(jsonStanza("cameras", file, setEnv, problems), context);
  const reaper = readReaper(jsonStanza("reaper", file, setEnv, problems), setEnv, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    storage: { root, mountPoints: main.storage.mountPoints.map((folder) => resolve(cwd, folder)) },
    redis: main.redis,
    cameras,
    recorder: {
      ...timers,
      readIntervalMs: recorder.readInterval,
      flushIntervalMs: recorder.flushInterval,
      syncIntervalMs: recorder.syncInterval,
      maxBufferBytes: recorder.maxBuffer,
      diskReserveBytes: recorder.diskReserve,
    },
    converter: {
      concurrency: main.converter.concurrency,
      attempts: main.converter.attempts,
      retryDelayMs: main.converter.retryDelay,
      sweepIntervalMs: main.converter.sweepInterval,
      chunkIdleMs: main.converter.chunkIdle,
      ffmpegPath: main.converter.ffmpegPath,
      ffmpegTimeoutMs: main.converter.ffmpegTimeout,
      maxPixels: main.converter.maxPixels,
      thumbnailWidth: main.converter.thumbnailWidth,
    },
    ...(reaper === undefined ? {} : { reaper }),
    api: main.api,
    health: readHealth(main.health),
    log: main.log,
  };
}

/** `cameras` or `reaper`: from its environment variable, as JSON, or from the file; undefined when in neither. */
function jsonStanza(
  name: keyof typeof JSON_ENV,
  file: ConfigText,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
): Source | undefined {
  const variable = JSON_ENV[name];
  const text = env[variable];
  const place = text === undefined ? file.place : () => `environment variable ${variable}`;
  let value = file.value[name];
  if (text !== undefined) {
    try {
      value = parseConfigText(text, variable).value;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(
        ...error.problems.map((problem) => ({ ...problem, key: [name, problem.key].filter(Boolean).join(".") })),
      );
      return undefined;
    }
  }
  if (value === undefined) return undefined;
  if (isObject(value)) return { key: [name], value, place, env: {} };
  const expected =
    name === "cameras" ? "expected an object of cameras by id" : "expected an object; leave it out to delete nothing";
  problems.push({ key: name, value: typeof value, expected, place: place([name]) });
  return undefined;
}

interface CameraContext {
  cwd: string;
  root: string;
  timers: CameraTimers;
  problems: ConfigProblem[];
}

function readCameras(source: Source | undefined, context: CameraContext): Map<string, CameraConfig> {
  const cameras = new Map<string, CameraConfig>();
  const idsInLowerCase = new Map<string, string>();
  for (const [id, value] of Object.entries(source?.value ?? {})) {
    const key = ["cameras", id];
    const place = source?.place(key) as string;
    const refuse = (expected: string) => context.problems.push({ key: key.join("."), expected, place });
    if (!CAMERA_ID_PATTERN.test(id)) {
      refuse("expected a camera id of 1 to 64 letters, digits, _ and -");
      continue;
    }
    const twin = idsInLowerCase.get(id.toLowerCase());
    if (twin !== undefined)
      refuse(`differs from "${twin}" in upper and lower case only, which some disks do not tell apart`);
    idsInLowerCase.set(id.toLowerCase(), id);
    if (!isObject(value)) refuse('expected an object, such as { "url": "rtsp://…" }');
    else cameras.set(id, readCamera(id, { ...(source as Source), key, value }, context));
  }
  return cameras;
}

function readCamera(id: string, source: Source, { cwd, root, timers, problems }: CameraContext): CameraConfig {
  const camera = readStanza(cameraSchema, source, problems);
  const ownTimers = { ...timers, ...timersOf(camera) };
  if (camera.retryMin !== null || camera.retryMax !== null) {
    checkRetries(ownTimers, source.key.join("."), source.place([...source.key, "retryMax"]), problems);
  }
  return {
    id,
    enabled: camera.enabled,
    url: camera.url,
    directory: camera.directory === null ? join(root, id) : resolve(cwd, String(camera.directory)),
    transport: camera.transport,
    tls: readTls(camera.tls, cwd),
    auth: camera.auth,
    redirectHosts: camera.redirectHosts,
    ...ownTimers,
    ...(camera.maxAgeDays === null ? {} : { maxAgeDays: camera.maxAgeDays }),
    ...(camera.maxBytes === null ? {} : { maxBytes: camera.maxBytes }),
  };
}

function readTls({ verify, fingerprint, ca }: Values<typeof cameraSchema>["tls"], cwd: string): CameraTls {
  return {
    verify,
    ...(fingerprint === null ? {} : { fingerprint }),
    ...(ca === null ? {} : { ca: resolve(cwd, String(ca)) }),
  };
}

function readHealth({ patience, webhookUrl, ...places }: Values<typeof mainSchema>["health"]): HealthConfig {
  return { ...places, patienceMs: patience, ...(webhookUrl === null ? {} : { webhookUrl }) };
}

function readReaper(
  source: Source | undefined,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
): ReaperConfig | undefined {
  if (source === undefined) return undefined;
  const reaper = readStanza(reaperSchema, { ...source, env }, problems);
  return {
    minFreePercent: reaper.minFreePercent,
    minFreeBytes: reaper.minFreeBytes,
    ...(reaper.maxAgeDays === null ? {} : { maxAgeDays: reaper.maxAgeDays }),
    ...(reaper.maxBytes === null ? {} : { maxBytes: reaper.maxBytes }),
    intervalMs: reaper.interval,
    logDays: reaper.logDays,
    dryRun: reaper.dryRun,
  };
}

type TimerValues<Absent> = Record<
  "connectTimeout" | "stallTimeout" | "keyframeTimeout" | "retryMin" | "retryMax",
  number | Absent
>;

function timersOf(values: TimerValues<never>): CameraTimers;
function timersOf(values: TimerValues<null>): Partial<CameraTimers>;
function timersOf(values: TimerValues<null>): Partial<CameraTimers> {
  const timers = {
    connectTimeoutMs: values.connectTimeout,
    stallTimeoutMs: values.stallTimeout,
    keyframeTimeoutMs: values.keyframeTimeout,
    retryMinMs: values.retryMin,
    retryMaxMs: values.retryMax,
  };
  return Object.fromEntries(Object.entries(timers).filter(([, value]) => value !== null));
}

function checkRetries(timers: CameraTimers, key: string, place: string, problems: ConfigProblem[]): void {
  if (!(timers.retryMaxMs < timers.retryMinMs)) return;
  problems.push({
    key: `${key}.retryMax`,
    value: `${timers.retryMaxMs}`,
    expected: "expected no less than retryMin",
    place,
  });
}
