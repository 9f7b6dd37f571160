import { type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { RequestHandler } from "express";
import winston from "winston";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { HealthStore } from "../../../shared/health/health-store.ts";
import { REDIS_DOES_NOT_ANSWER } from "../../../shared/redis/redis-probe.ts";
import type { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { type AppParts, createApp } from "../app.ts";
import { EventHub } from "../events/event-hub.ts";
import { HealthWatch } from "../health/health-watch.ts";
import { type RedisSource, SystemMonitor, type SystemMonitorParts } from "../health/system-monitor.ts";
import { admission } from "../http/admission.ts";
import { OriginGuard } from "../http/origin-guard.ts";
import { Problem } from "../http/problem.ts";
import { clientOf } from "../limits/client-of.ts";
import type { LiveSource } from "../live/live-source.ts";
import { LiveViews } from "../live/live-views.ts";
import type { CacheLimits } from "../range/layout-cache.ts";
import { Ranges } from "../range/ranges.ts";
import { ApiServer, type UpgradeListener } from "../server.ts";
import { watched } from "./contract-watch.ts";

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests check the shape of whatever was received
  json: () => any;
}

export interface ApiFixtureOptions {
  files?: StoreFiles;
  live?: RedisSource;
  board?: RequestHandler;
  /** Accepts WebSockets for live view, although no pictures are sent. */
  hasLiveViews?: boolean;
  healthRouter?: RequestHandler;
  eventIntervalMs?: number;
  /** Checks the health continuously, as the api does. */
  watchesHealth?: boolean;
  /** Looks for gaps in the newest footage; that of `SystemMonitor` unless given. */
  footage?: SystemMonitorParts["footage"];
  /** How long to wait for the state of the system; as long as `SystemMonitor` does unless given. */
  patience?: SystemMonitorParts["patience"];
  /** Limits of the cache of ranges. */
  keep?: CacheLimits;
  /** The store of the health; without it, Redis is away. */
  healthStore?: HealthStore;
}

const AWAY: RedisSource = {
  findTrouble: () => Promise.resolve(REDIS_DOES_NOT_ANSWER),
  readRedisFacts: () => Promise.reject(new Error("away")),
  readCameras: () => Promise.reject(new Error("away")),
  readServices: () => Promise.reject(new Error("away")),
  readBacklog: () => Promise.reject(new Error("away")),
};

/** The tests must not depend on the clock of the machine that they run on. */
const CLOCK = { state: "synchronized" as const };

const NO_STORE: HealthStore = {
  claim: async () => undefined,
  save: async () => false,
  past: async () => undefined,
  release: async () => {},
};

/** The api for a test's store, on a port of its own. Without `live`, Redis is away. */
export class ApiFixture {
  readonly parts: AppParts;
  readonly server: ApiServer;
  readonly #health: HealthWatch;
  readonly #liveViews: LiveViews | undefined;
  /** The lines that were logged. */
  readonly log: string[] = [];
  /** Differences between answers and the OpenAPI document. */
  readonly #faults: string[] = [];
  port = 0;

  constructor(store: StoreFixture, options: ApiFixtureOptions = {}) {
    const logger = winston.createLogger({ level: "debug", transports: [] });
    logger.add(new winston.transports.Stream({ stream: lineSink(this.log), format: winston.format.json() }));
    const { config } = store;
    const { files = new StoreFiles(), live = AWAY, footage, patience } = options;
    const catalog = new Catalog(files, config, logger);
    const monitor = new SystemMonitor({
      config,
      files,
      catalog,
      live,
      clockSync: CLOCK,
      logger,
      ...(footage && { footage }),
      ...(patience && { patience }),
    });
    this.#health = new HealthWatch({
      config,
      monitor,
      store: options.healthStore ?? NO_STORE,
      instance: "test",
      logger,
    });
    if (options.watchesHealth === true) this.#health.start();
    const intervalMs = options.eventIntervalMs ?? 50;
    this.parts = {
      config,
      files,
      logger,
      system: { name: "Hindsight", version: "1.2.3" },
      catalog,
      ranges: new Ranges({ files, catalog, logger, ...(options.keep && { keep: options.keep }) }),
      client: clientOf(config),
      origins: new OriginGuard(config, logger),
      monitor,
      health: this.#health,
      events: new EventHub({ catalog, monitor, health: this.#health, logger, intervalMs }),
      pageFolder: join(store.root, "page"),
      board:
        options.board ??
        (() => {
          throw new Problem("unavailable", 503, "no board in this test");
        }),
      ...(options.healthRouter !== undefined && { healthRouter: options.healthRouter }),
    };
    const app = watched(createApp(this.parts), (fault) => this.#faults.push(fault));
    if (options.hasLiveViews === true) {
      const source = { listen: () => () => {} } as unknown as LiveSource;
      this.#liveViews = new LiveViews({
        config,
        logger,
        client: this.parts.client,
        origins: this.parts.origins,
        source,
      });
    }
    const upgrade: UpgradeListener = (...request) => this.#liveViews?.upgrade(...request) ?? false;
    this.server = new ApiServer(app, upgrade, { admit: admission(config, logger) });
  }

  async start(): Promise<this> {
    this.port = await this.server.listen("127.0.0.1", 0);
    return this;
  }

  async stop(): Promise<void> {
    this.parts.events.close();
    await this.#liveViews?.close();
    await this.#health.stop();
    await this.server.stop(0);
    this.#expectContract();
  }

  /** Throws when any answer since the last call differed from the OpenAPI document. */
  #expectContract(): void {
    const faults = this.#faults.splice(0);
    if (faults.length > 0) throw new Error(`not as services/api/openapi has it:\n${faults.join("\n")}`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Sends the path exactly as it is given, neither normalized nor escaped as fetch would do it. */
  async get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Reply> {
    const reply = await this.#ask(path, headers, method);
    this.#expectContract();
    return reply;
  }

  #ask(path: string, headers: Record<string, string>, method: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const req = request({ host: "127.0.0.1", port: this.port, path, headers, method, agent: false }, (res) => {
        const pieces: Buffer[] = [];
        res.on("data", (piece: Buffer) => pieces.push(piece));
        res.on("error", reject);
        res.on("end", () => {
          const body = Buffer.concat(pieces);
          const text = body.toString("utf8");
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body, text, json: () => JSON.parse(text) });
        });
      });
      req.on("error", reject);
      req.end();
    });
  }
}

function lineSink(lines: string[]): Writable {
  return new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
}
