import { minuteToken } from "../time/minute.ts";
import type { Envelope, ListedMinute, SystemStatus } from "./types.ts";

/** The api answered with an error; `message` is what it says is wrong. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** No answer came: the api is away, or the network. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super("The connection to its api failed.", { cause });
    this.name = "UnreachableError";
  }
}

const PATIENCE_MS = 15_000;

/** Throws ApiError or UnreachableError. */
export async function readSystem(): Promise<Envelope<SystemStatus>> {
  return getJson("/api/1/system.json");
}

/** The UTC days with footage (`YYYYMMDD`, ascending) of every camera that there is or was. Throws as `readSystem`. */
export async function readDays(): Promise<Record<string, string[]>> {
  const answer = await getJson<{ cameras: Record<string, string[]> }>("/api/1/days");
  return answer.cameras;
}

/** The minutes of a UTC day, ascending. Throws as `readSystem`. */
export async function readMinutes(camera: string, day: string): Promise<ListedMinute[]> {
  const answer = await getJson<{ minutes: ListedMinute[] }>(`/api/1/camera/${camera}/minutes?day=${day}`);
  return answer.minutes;
}

/** A minute's picture, 320 pixels wide. */
export function thumbnailUrl(camera: string, timeMs: number): string {
  return `/api/1/camera/${camera}.thumbnail.${minuteToken(timeMs)}.jpg`;
}

/** A minute's picture in full size. */
export function previewUrl(camera: string, timeMs: number): string {
  return `/api/1/camera/${camera}.preview.${minuteToken(timeMs)}.jpg`;
}

/** A minute's video. */
export function minuteUrl(camera: string, timeMs: number): string {
  return `/api/1/camera/${camera}.preview.${minuteToken(timeMs)}.mp4`;
}

/** The video of all minutes from the one in which `firstMs` lies to the one in which `lastMs` lies, both inclusive. */
export function rangeUrl(camera: string, firstMs: number, lastMs: number): string {
  return `/api/1/camera/${camera}.range.${minuteToken(firstMs)}.to.${minuteToken(lastMs)}.mp4`;
}

async function getJson<Answer>(url: string): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), headers: { Accept: "application/json" } });
  } catch (error) {
    throw new UnreachableError(error);
  }
  if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  try {
    return (await response.json()) as Answer;
  } catch (error) {
    throw new UnreachableError(error); // cut off in mid-answer
  }
}

/** What an answer of RFC 9457 says, or failing that its status. */
async function problemOf(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}
