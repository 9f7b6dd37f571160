import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Camera } from "./camera.ts";
import { FaultError, type Faults, parseFaultChange } from "./faults.ts";
import type { SendLog } from "./log.ts";

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The HTTP interface that controls the simulator, on 127.0.0.1 only: GET /cameras, POST and DELETE
 * /cameras/{id}/faults, POST /flush.
 */
export function createControlServer(cameras: ReadonlyMap<string, Camera>, log: SendLog): Server {
  return createServer((request, response) => {
    answer(request, cameras, log).then(
      (value) => send(response, 200, value),
      (error: unknown) => {
        const status = error instanceof ControlError ? error.status : 400;
        send(response, status, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}

class ControlError extends Error {
  override name = "ControlError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(request: IncomingMessage, cameras: ReadonlyMap<string, Camera>, log: SendLog): Promise<unknown> {
  const route = `${request.method} ${request.url}`;
  if (route === "GET /cameras") return [...cameras.values()].map((camera) => camera.describe());
  if (route === "POST /flush") {
    log.flush();
    return {};
  }
  const match = /^(POST|DELETE) \/cameras\/([A-Za-z0-9_-]+)\/faults$/.exec(route);
  const camera = cameras.get(match?.[2] ?? "");
  if (!match || !camera) throw new ControlError(404, `nothing at ${route}`);
  if (match[1] === "DELETE") {
    await camera.change({ set: {}, clear: Object.keys(camera.faults) as (keyof Faults)[] });
  } else {
    await changeFaults(camera, await readJson(request));
  }
  log.flush();
  return camera.describe();
}

/** With "forMs" beside the faults, they end after that time. */
async function changeFaults(camera: Camera, body: unknown): Promise<void> {
  if (typeof body !== "object" || body === null) throw new FaultError("the body must be a JSON object");
  const { forMs, ...faults } = body as Record<string, unknown>;
  if (forMs !== undefined && !(typeof forMs === "number" && forMs >= 0)) throw new FaultError("forMs must be a number");
  const change = parseFaultChange(faults);
  await camera.change(change);
  if (forMs === undefined) return;
  const clear = Object.keys(change.set) as (keyof Faults)[];
  setTimeout(() => void camera.change({ set: {}, clear }), forMs).unref();
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new ControlError(413, "body too large");
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(`${JSON.stringify(value)}\n`);
}
