import createClient, { defaultPathSerializer } from "openapi-fetch";
import { minuteToken } from "../time/minute.ts";
import type { components, paths } from "./api-types.ts";
import type { ConditionList, ListedMinute, SystemStatus } from "./types.ts";

/** The api answered with an error; `message` is its explanation. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** There was no answer: the api is away, or the network is. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super("The connection to its api failed.", { cause });
    this.name = "UnreachableError";
  }
}

const TIMEOUT_MS = 15_000;

/** Knows each endpoint's parameters and answers from the types generated from services/api/openapi. */
const api = createClient<paths>();

/** Reads the system's status and the api's version. Throws ApiError or UnreachableError. */
export async function readSystem(): Promise<{ version: string; status: SystemStatus }> {
  const { system, payload } = await answerOf(api.GET("/api/1/system.json", { signal: timeoutSignal() }));
  return { version: system.version, status: payload };
}

/** The UTC days with footage (`YYYYMMDD`, ascending) of every present or former camera. Throws as `readSystem`. */
export async function readDays(): Promise<Record<string, string[]>> {
  const { cameras } = await answerOf(api.GET("/api/1/days", { signal: timeoutSignal() }));
  return cameras;
}

/** The minutes of a UTC day, ascending. Throws as `readSystem`. */
export async function readMinutes(camera: string, day: string): Promise<ListedMinute[]> {
  const params = { path: { id: camera }, query: { day } };
  const { minutes } = await answerOf(api.GET("/api/1/camera/{id}/minutes", { params, signal: timeoutSignal() }));
  return minutes;
}

/** When a camera was recorded within a period, ascending; all in ms since the Unix epoch. Throws as `readSystem`. */
export async function readSpans(
  camera: string,
  fromMs: number,
  toMs: number,
): Promise<{ fromMs: number; toMs: number }[]> {
  const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const params = { path: { id: camera }, query };
  const { spans } = await answerOf(api.GET("/api/1/camera/{id}/spans", { params, signal: timeoutSignal() }));
  return spans.map(({ start, end }) => ({ fromMs: Date.parse(start), toMs: Date.parse(end) }));
}

/** The conditions within a period of at most 31 days, ms since the Unix epoch. Throws as `readSystem`. */
export function readConditions(fromMs: number, toMs: number): Promise<ConditionList> {
  const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return answerOf(api.GET("/api/1/conditions", { params: { query }, signal: timeoutSignal() }));
}

/**
 * Statuses that refuse this page, for its origin (403) or the host that it names (421), whatever the camera or the
 * load.
 */
const REFUSALS: ReadonlySet<number | undefined> = new Set([403, 421]);

/**
 * Why a WebSocket for live pictures is refused to this page, which browsers do not reveal: what the api says about the
 * page's origin, or that a proxy dropped the upgrade. Undefined when the page is not the reason. Does not throw.
 */
export async function whyLiveIsRefused(camera: string): Promise<string | undefined> {
  const params = { path: { id: camera }, query: { origin: window.location.origin } };
  const answer = await api.GET("/api/1/camera/{id}/live", { params, signal: timeoutSignal() }).catch(() => undefined);
  if (answer?.response.status === 426) {
    return "No WebSocket gets through to Hindsight. Have the proxy in front pass on the headers Upgrade and Connection; docs/proxy.md tells how.";
  }
  if (!REFUSALS.has(answer?.response.status)) return undefined;
  return (answer?.error as Partial<components["schemas"]["Problem"]> | undefined)?.detail;
}

/** The URL of a minute's thumbnail, 320 pixels wide. */
export function thumbnailUrl(camera: string, timeMs: number): string {
  return fileUrl("/api/1/camera/{id}.thumbnail.{day}.{time}.jpg", { id: camera, ...minuteOf(timeMs) });
}

/** The URL of a minute's picture in full size. */
export function previewUrl(camera: string, timeMs: number): string {
  return fileUrl("/api/1/camera/{id}.preview.{day}.{time}.jpg", { id: camera, ...minuteOf(timeMs) });
}

/** The URL of a minute's video. */
export function minuteUrl(camera: string, timeMs: number): string {
  return fileUrl("/api/1/camera/{id}.preview.{day}.{time}.mp4", { id: camera, ...minuteOf(timeMs) });
}

function fileUrl<Path extends keyof paths>(path: Path, parameters: paths[Path]["get"]["parameters"]["path"]): string {
  return defaultPathSerializer(path, parameters as Record<string, unknown>);
}

function minuteOf(timeMs: number): { day: string; time: string } {
  const [day, time] = minuteToken(timeMs).split(".") as [string, string];
  return { day, time };
}

function timeoutSignal(): AbortSignal {
  return AbortSignal.timeout(TIMEOUT_MS);
}

/** The body of an answer. Throws ApiError, and UnreachableError also when the answer was cut off in the middle. */
async function answerOf<Answer>(
  asked: Promise<{ data?: Answer; error?: unknown; response: Response }>,
): Promise<NonNullable<Answer>> {
  const { data, error, response } = await asked.catch((cause: unknown) => {
    throw new UnreachableError(cause);
  });
  if (data !== undefined && data !== null) return data;
  // A proxy in between may answer with something other than a problem document.
  const { detail, title } = (error ?? {}) as Partial<components["schemas"]["Problem"]>;
  throw new ApiError(response.status, detail ?? title ?? `${response.status} ${response.statusText}`);
}
