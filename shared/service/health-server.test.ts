import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import winston from "winston";
import { createHealthHandler, HealthServer } from "./health-server.ts";

let health: HealthServer;
let hosts: readonly string[];
const logged: string[] = [];

beforeEach(async () => {
  hosts = [];
  logged.length = 0;
  const logger = winston.createLogger({ transports: [] });
  logger.warn = ((message: string) => logged.push(message)) as never;
  const handler = createHealthHandler({ problems: () => [], metrics: new Registry() });
  health = await HealthServer.start(handler, { host: "127.0.0.1", port: 0, hosts: () => hosts }, logger);
});
afterEach(() => health.stop());

async function ask(path: string, Host: string): Promise<{ status: number | undefined; body: string }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: "127.0.0.1", port: health.port, path, headers: { Host }, agent: false }, resolve).on("error", reject);
  });
  return { status: answer.statusCode, body: await text(answer) };
}

test("health and metrics are for those who ask this machine by its own name, as containers' health checks do", async () => {
  for (const host of ["127.0.0.1", "localhost"]) {
    expect(await ask("/health", `${host}:${health.port}`)).toMatchObject({ status: 200 });
    expect(await ask("/metrics", host)).toMatchObject({ status: 200 });
  }
});

test("asked by another name they answer with a problem that says what to set", async () => {
  for (const path of ["/health", "/metrics", "/else", "http://evil.example/health"]) {
    const { status, body } = await ask(path, "recorder:8081");
    expect(status, path).toBe(421);
    expect(JSON.parse(body)).toMatchObject({
      type: "urn:hindsight:problem:unknown-host",
      detail: expect.stringMatching(/"recorder" is not served here: .*health\.hosts \(NVR_HEALTH_HOSTS\)/),
    });
  }
  expect(await ask("http://evil.example/metrics", "localhost")).toMatchObject({ status: 421 });
  expect(logged).toHaveLength(2);
});

test("names in health.hosts are served, also those that were set since", async () => {
  hosts = ["recorder"];
  expect(await ask("/metrics", "recorder:8081")).toMatchObject({ status: 200 });
  expect(await ask("/metrics", "evil.example")).toMatchObject({ status: 421 });
});
