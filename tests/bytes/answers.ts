import { createHash } from "node:crypto";
import { get as httpGet, type IncomingHttpHeaders } from "node:http";
import type { ApiFixture, Reply } from "../../services/api/testing/api-fixture.ts";
import type { Asked } from "./requests.ts";

/** What is noted of an answer or a file; compared as JSON, including the order of its members. */
export type Note = Record<string, unknown>;

const NOTED_HEADERS = [
  ...["content-type", "content-disposition", "content-length", "content-range", "accept-ranges", "location"],
  ...["cache-control", "last-modified", "etag", "allow", "retry-after", "upgrade"],
];
const IS_TEXT = /json|^text\/plain/;
/** ETags of files contain their inodes. */
const STABLE_TAG = /^(?:"range-|W\/)/;
/** The part of a sprite sheet's key that depends on its thumbnails' inodes. */
const SHEET_KEY = /(?<=hindsight sprites )[0-9a-f]{24}/;
/** Figures of the disk on which the test happens to run. */
const DISK_FIGURES: ReadonlySet<string> = new Set(["totalBytes", "freeBytes", "usedPercent"]);
const DISK_INODES: ReadonlySet<string> = new Set(["totalInodes", "freeInodes"]);
/** What the api reports of a disk that is too full. */
const DISK_FULLNESS = /% full$|^out of inodes/;

export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Sends a request, and notes its answer without what differs between machines. `root` is the store's. */
export async function noteOf(api: ApiFixture, { path, headers, method }: Asked, root: string): Promise<Note> {
  const reply = await api.get(path, headers, method);
  return { status: reply.status, ...headersOf(reply.headers), ...bodyOf(reply, root) };
}

/** The start of the stream of events: the current state. */
export async function noteOfEvents(api: ApiFixture, root: string): Promise<Note> {
  return await new Promise((resolve, reject) => {
    const request = httpGet(`${api.url}/api/1/events`, (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => {
        text += piece.toString();
        if (!/^event: health\n.*\n\n/m.test(text)) return;
        const events = withoutRoot(text, root).split("\n\n").map(eventOf);
        resolve({ status: response.statusCode, ...headersOf(response.headers), events });
        request.destroy();
      });
    });
    request.on("error", reject);
  });
}

function eventOf(text: string): unknown {
  const [head, data] = text.split("\ndata: ");
  return data === undefined ? head : { head, data: jsonOf(data) };
}

function headersOf(headers: IncomingHttpHeaders): Note {
  const note: Note = {};
  for (const name of NOTED_HEADERS) if (headers[name] !== undefined) note[name] = headers[name];
  if (headers.etag !== undefined && !STABLE_TAG.test(headers.etag)) note.etag = "of a file";
  // Paths of the store and figures of its disk differ in length between machines.
  if (IS_TEXT.test(headers["content-type"] ?? "")) delete note["content-length"];
  return note;
}

function bodyOf(reply: Reply, root: string): Note {
  const type = reply.headers["content-type"] ?? "";
  if (reply.body.length === 0) return {};
  if (type.startsWith("text/plain")) return { lines: linesOf(withoutRoot(reply.text, root)) };
  if (type.startsWith("image/jpeg")) {
    const masked = Buffer.from(reply.body.toString("latin1").replace(SHEET_KEY, "0".repeat(24)), "latin1");
    return { sha256: sha256(masked) };
  }
  if (!/json/.test(type) || reply.body.length > 30_000) return { sha256: sha256(reply.body) };
  return { json: jsonOf(withoutRoot(reply.text, root)) };
}

/**
 * The value of a JSON text; the text itself when it is not exactly what JSON.stringify would write (spaces, double
 * members).
 */
function jsonOf(text: string): unknown {
  const json: unknown = JSON.parse(text);
  return JSON.stringify(json) === text.trimEnd() ? withoutDisk(json) : text;
}

function withoutRoot(text: string, root: string): string {
  return text.replaceAll(root, "{root}");
}

/** The lines of metrics, without the values of those of the disk. */
function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("hindsight_disk"));
}

function withoutDisk(json: unknown): unknown {
  const text = JSON.stringify(json, (key, value: unknown) => {
    if (DISK_INODES.has(key)) return undefined;
    if (DISK_FIGURES.has(key)) return "of the disk";
    if (!Array.isArray(value)) return value;
    return value.filter((each: { message?: unknown } | null) => !DISK_FULLNESS.test(String(each?.message ?? "")));
  });
  return JSON.parse(text) as unknown;
}
