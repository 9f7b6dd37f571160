import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import { HostGuard } from "../http/host-guard.ts";
import { problemDetails } from "../http/problem-details.ts";
import type { Logger } from "../logging/logger.ts";

export interface HealthParts {
  /** What is wrong, without secrets; empty while all is well. */
  problems(): string[];
  metrics: Registry;
}

export type HealthHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void;

/**
 * Answers `GET /health` (200 `{"status":"ok"}`, or 503 with the problems) and `GET /metrics` (Prometheus text). For any
 * other path it calls `next`, so that it can be used as express middleware, or answers 404 when there is none.
 */
export function createHealthHandler({ problems, metrics }: HealthParts): HealthHandler {
  return (request, response, next) => {
    const path = (request.url ?? "").split("?", 1)[0];
    const readOnly = request.method === "GET" || request.method === "HEAD";
    if (readOnly && path === "/health") {
      const found = problems();
      const body = found.length === 0 ? { status: "ok" } : { status: "error", problems: found };
      answer(response, found.length === 0 ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
    } else if (readOnly && path === "/metrics") {
      metrics.metrics().then(
        (text) => answer(response, 200, metrics.contentType, text),
        (error) =>
          answer(response, 500, "text/plain", `the metrics could not be collected: ${(error as Error).name}\n`),
      );
    } else if (next !== undefined) {
      next();
    } else {
      answer(response, 404, "text/plain", "here are /health and /metrics\n");
    }
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

/** Where the health server listens, and the host names that it accepts. */
export interface HealthPlace {
  host: string;
  port: number;
  /** `health.hosts` of the current configuration. */
  hosts(): readonly string[];
}

/** The small HTTP server of the services that serve nothing else. */
export class HealthServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Listens at the port or, with a warning, at any free one when it is in use or not permitted. If it cannot listen at
   * all, that is only a warning, too: a service works without being observed rather than not at all.
   */
  static async start(
    handler: HealthHandler,
    { host, port, hosts }: HealthPlace,
    logger: Logger,
  ): Promise<HealthServer> {
    const guard = new HostGuard({ listensAt: host, hosts, setting: "health.hosts (NVR_HEALTH_HOSTS)", logger });
    // Otherwise Node would refuse requests without a Host itself, without any explanation.
    const server = createServer({ requestTimeout: 10_000, requireHostHeader: false }, (request, response) => {
      const refusal = guard.refusal(request);
      if (refusal === undefined) return handler(request, response);
      const body = JSON.stringify(problemDetails(refusal, request.url ?? ""));
      answer(response, refusal.status, "application/problem+json", body);
    });
    server.unref();
    const health = new HealthServer(server);
    try {
      await listen(server, host, port);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      try {
        await listen(server, host, 0);
        logger.warn(
          `port ${port} for /health and /metrics cannot be used (${code}): they are at port ${health.port} instead`,
        );
      } catch (second) {
        const reason = (second as NodeJS.ErrnoException).code;
        logger.warn(
          `/health and /metrics cannot be served at ${host} (${reason}): correct health.host (NVR_HEALTH_HOST)`,
        );
      }
    }
    server.on("error", (error) => logger.warn("the health server is in trouble", { error }));
    return health;
  }

  /** The port in use; undefined when the server could not listen. */
  get port(): number | undefined {
    return (this.#server.address() as AddressInfo | null)?.port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
