import { Queue } from "bullmq";
import { Redis } from "ioredis";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONVERSION_QUEUE } from "../../../shared/queue/conversion-queue.ts";
import { launchBrowser } from "../../../tests/support/browser.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { boardRoutes } from "../routes/board.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

let server: TestRedis;
let redis: Redis;
let queue: Queue;
let store: StoreFixture;
let api: ApiFixture;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startRedis(), launchBrowser()]);
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = new Queue(CONVERSION_QUEUE, { connection: redis });
  store = new StoreFixture();
  api = await new ApiFixture(store, { board: boardRoutes(queue, () => redis.status === "ready") }).start();
}, 120_000);
afterAll(async () => {
  await browser.close();
  await api.stop();
  await queue.close();
  redis.disconnect();
  await server.stop();
  store.remove();
});

test("Bull Board's page shows the queue, and asks nobody else for anything", async () => {
  await queue.add("convert", { camera: "front-door", minute: "20261124.1433", directory: "/x" });
  const page = await browser.newPage();
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${api.url}/`)) foreign.push(request.url());
  });
  await page.goto(`${api.url}/admin/queues/queue/${CONVERSION_QUEUE}?status=waiting`, { waitUntil: "commit" });
  await page.getByText("20261124.1433").first().waitFor();
  expect(foreign).toEqual([]);
  expect(complaints).toEqual([]);
});
