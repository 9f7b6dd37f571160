import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { Redis } from "ioredis";
import { collectDefaultMetrics, Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import winston from "winston";
import type { ReaperConfig } from "../../shared/config/config.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { connectRedis } from "../../shared/redis/connect-redis.ts";
import type { ServiceContext } from "../../shared/service/service.ts";
import { StartError } from "../../shared/service/start-error.ts";
import { watchLive } from "../../tests/support/live-client.ts";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { StoreFixture } from "../../tests/support/store-fixture.ts";
import { projectRoot } from "./project.ts";
import { type ApiService, startApi } from "./service.ts";

const logger = winston.createLogger({ silent: true });
const root = projectRoot(import.meta.dirname);
let server: TestRedis;
let redis: Redis;
let store: StoreFixture;
let context: ServiceContext;
let api: ApiService;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  redis = connectRedis(server.url, logger);
  store = new StoreFixture();
  const metrics = new Registry();
  metrics.setDefaultLabels({ service: "api" });
  collectDefaultMetrics({ register: metrics });
  context = { instance: "test", config: store.config, files: new StoreFiles(), logger, redis, metrics };
  api = await startApi(context, { projectRoot: root });
});
afterEach(async () => {
  await api.stop();
  redis.disconnect();
  store.remove();
});

const url = (path: string) => `http://127.0.0.1:${api.port}${path}`;

describe("startApi", () => {
  it("serves the status of the whole, its own health and metrics, and Bull Board", async () => {
    const status = await (await fetch(url("/api/1/system.json"))).json();
    expect(status).toMatchObject({ system: { name: "Hindsight", version: expect.stringMatching(/^\d+\.\d+\.\d+/) } });
    expect(await (await fetch(url("/health"))).json()).toEqual({ status: "ok" });
    expect(await (await fetch(url("/metrics"))).text()).toContain("process_cpu_user_seconds_total");
    expect((await fetch(url("/admin/queues"))).status).toBe(200);
  });

  it("serves nothing to a page that has its own name resolved to this machine", async () => {
    for (const path of ["/api/1/system.json", "/metrics", "/admin/queues", "/"]) {
      const { statusCode } = await new Promise<IncomingMessage>((resolve) =>
        get(url(path), { headers: { Host: "evil.example" } }, (res) => resolve(res.resume())),
      );
      expect(statusCode, path).toBe(421);
    }
    expect(await watchLive(url(""), "front-door", { headers: { Host: "evil.example" } }).catch(String)).toContain(
      "421",
    );
  });

  it("tells of what is wrong and has lasted, in system.json and in the metrics, with the figures that no other service has", async () => {
    const missing = { id: "service-missing", subject: "converter", severity: "error" };
    await vi.waitFor(async () => {
      const { payload } = (await (await fetch(url("/api/1/system.json"))).json()) as { payload: { health: object[] } };
      expect(payload.health).toContainEqual(expect.objectContaining(missing));
    }, 15_000);
    const figures = await (await fetch(url("/metrics"))).text();
    expect(figures).toContain(
      'hindsight_health{id="service-missing",subject="converter",severity="error",service="api"} 1',
    );
    expect(figures).toContain('hindsight_conversion_jobs{state="waiting",service="api"} 0');
    expect(figures).toMatch(new RegExp(`hindsight_disk_free_bytes\\{disk="${store.root}",service="api"\\} [1-9]`));
    expect(figures).toContain("hindsight_webhook_waiting_messages");
    store.config.change({ reaper: { minFreePercent: 10 } as ReaperConfig });
    expect(await (await fetch(url("/metrics"))).text()).not.toContain("hindsight_disk_free_bytes{"); // the reaper has them now
  });

  it("says in a line what keeps it from listening, and which setting to correct", async () => {
    const startAt = (host: string, port: number) => {
      store.config.change({ api: { ...store.config.current.api, host, port } });
      return startApi(context, { projectRoot: root }).catch((error: unknown) => error);
    };
    const inUse = await startAt("127.0.0.1", api.port);
    expect(inUse).toBeInstanceOf(StartError);
    expect((inUse as Error).message).toMatch(
      new RegExp(`^page and API .* port ${api.port} at 127.0.0.1 is in use, .* api\\.port \\(NVR_API_PORT\\).*$`),
    );
    expect(await startAt("192.0.2.1", 0)).toMatchObject({
      message: expect.stringMatching(/192\.0\.2\.1 is no address of this machine: .*api\.host/),
    });
    expect(await startAt("nowhere.invalid", 0)).toMatchObject({ message: expect.stringContaining("api.host") });
  });

  it("stops while somebody listens for events", async () => {
    const res = await new Promise<IncomingMessage>((resolve) => get(url("/api/1/events"), resolve));
    res.resume();
    const ended = once(res, "close");
    const beganMs = Date.now();
    await api.stop();
    await ended;
    expect(Date.now() - beganMs).toBeLessThan(3000);
  });

  it("stops, and has answered, while Redis is away", async () => {
    redis.disconnect();
    await vi.waitFor(async () => {
      const status = await (await fetch(url("/api/1/system.json"))).json();
      expect(status).toMatchObject({ payload: { status: "error", backlog: null } });
    }, 5000);
    const board = await fetch(url("/admin/queues/api/queues"));
    expect(board.status).toBe(503);
    await api.stop();
  });
});
