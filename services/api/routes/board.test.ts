import { appRoutes } from "@bull-board/api/dist/routes.js";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CONVERSION_QUEUE } from "../../../shared/queue/conversion-queue.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { SECRET, StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { boardRoutes } from "./board.ts";

let server: TestRedis;
let redis: Redis;
let queue: Queue;
let store: StoreFixture;
let api: ApiFixture;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on("error", () => {});
  queue = new Queue(CONVERSION_QUEUE, { connection: redis });
  queue.on("error", () => {});
});
afterAll(async () => {
  await queue.close();
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  store = new StoreFixture();
  api = await new ApiFixture(store, { board: boardRoutes(queue, () => redis.status === "ready") }).start();
});
afterEach(async () => {
  await queue.obliterate();
  await api.stop();
  store.remove();
});

describe("Bull Board at /admin/queues", () => {
  it("is served with everything that its page loads from here", async () => {
    const page = await api.get("/admin/queues");
    expect(page.status).toBe(200);
    expect(page.text).toContain('<base href="/admin/queues/"');
    const sources = [...page.text.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, source]) => source);
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) expect((await api.get(`/admin/queues/${source}`)).status, source).toBe(200);
  });

  it("shows the queue live, with each job's camera, minute and directory", async () => {
    const data = { camera: "front-door", minute: "20261124.1433", directory: "/store/front-door" };
    await queue.add("convert", data);
    const { queues } = (await api.get(`/admin/queues/api/queues?activeQueue=${CONVERSION_QUEUE}`)).json();
    expect(queues[0]).toMatchObject({ name: CONVERSION_QUEUE, counts: { waiting: 1 }, jobs: [{ data }] });
  });

  it("shows nothing of a job's data but what a conversion needs, so that no secret can get into it", async () => {
    await queue.add("convert", { camera: "a", minute: "20261124.1433", directory: "/x", url: `rtsp://u:${SECRET}@h/` });
    const reply = await api.get(`/admin/queues/api/queues?activeQueue=${CONVERSION_QUEUE}`);
    expect(reply.text).toContain('"camera":"a"');
    expect(reply.text).not.toContain(SECRET);
  });

  const queuePath = `/admin/queues/api/queues/${CONVERSION_QUEUE}`;
  const ask = async (method: string, path: string) => (await api.get(`${queuePath}${path}`, {}, method)).status;

  it("retries, promotes and removes jobs, one or all of a kind", async () => {
    const { id } = await queue.add("convert", { camera: "a" }, { delay: 3_600_000 });
    expect(await ask("PUT", `/${id}/promote`)).toBe(204);
    expect(await (await queue.getJob(id as string))?.getState()).toBe("waiting");
    expect(await ask("PUT", `/${id}/clean`)).toBe(204);
    expect(await queue.getJob(id as string)).toBeUndefined();
    for (const path of ["/retry/failed", "/promote", "/clean/failed"]) {
      expect(await ask("PUT", path), path).toBeLessThan(300);
    }
    expect(await ask("PUT", "/none/retry")).toBe(404);
  });

  it("does nothing else that Bull Board can, now or in a later version", async () => {
    const job = await queue.add("convert", { camera: "a", minute: "20261124.1433", directory: "/x" });
    const refused: [string, string][] = [];
    for (const { method, route } of appRoutes.api) {
      const path = route.toString().replace(":queueName", CONVERSION_QUEUE).replace(":jobId", String(job.id));
      const isAllowed = method === "get" || /\/(?:promote|retry|clean)(?:\/:queueStatus)?$/.test(path);
      if (!isAllowed) refused.push([method.toString().toUpperCase(), path]);
    }
    expect(refused.map(([, path]) => path.split("/").at(-1))).toEqual(
      expect.arrayContaining([
        "pause",
        "resume",
        "obliterate",
        "empty",
        "add",
        "concurrency",
        "rate-limit",
        "update-data",
      ]),
    );
    refused.push(["PUT", "/api/queues/none/quantum-leap"], ["DELETE", `/api/queues/${CONVERSION_QUEUE}/${job.id}`]);
    for (const [method, path] of refused) {
      for (const written of [path, `${path}/`, path.toUpperCase(), path.replace(/e(?=[^/]*$)/, "%65")]) {
        const reply = await api.get(`/admin/queues${written}`, {}, method);
        expect(reply, `${method} ${written}`).toMatchObject({
          status: 405,
          headers: { allow: expect.stringMatching(/GET|PUT/) },
        });
      }
    }
    expect(await queue.isPaused()).toBe(false);
    expect((await queue.getJob(job.id as string))?.data).toEqual(job.data);
    expect(await queue.getGlobalConcurrency()).toBeNull();
    expect(await queue.getGlobalRateLimit()).toBeNull();
    expect(await queue.getJobCountByTypes("waiting")).toBe(1);
  });

  it("answers its own errors as problems, too", async () => {
    const reply = await api.get("/admin/queues/api/queues/none/1", {}, "GET");
    expect(reply).toMatchObject({ status: 404, headers: { "content-type": "application/problem+json" } });
    expect(reply.json()).toMatchObject({ type: "urn:hindsight:problem:no-such-resource", error: expect.anything() });
  });

  it("cannot be worked by another web site through the visitor's browser", async () => {
    const job = await queue.add("convert", {}, { delay: 3_600_000 });
    const path = `/admin/queues/api/queues/${CONVERSION_QUEUE}/${job.id}/clean`;
    for (const headers of [
      { "Sec-Fetch-Site": "cross-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
    ]) {
      expect((await api.get(path, headers as Record<string, string>, "PUT")).status).toBe(403);
    }
    expect(await job.getState()).toBe("delayed");
    expect((await api.get(path, { "Sec-Fetch-Site": "same-origin" }, "PUT")).status).toBe(204);
    expect(await job.getState()).toBe("unknown");
  });

  it("answers 503 in time while Redis hangs, and again when it is back", async () => {
    server.freeze();
    const beganMs = Date.now();
    const reply = await api.get("/admin/queues/api/queues");
    expect(reply).toMatchObject({ status: 503, headers: { "content-type": "application/problem+json" } });
    expect(Date.now() - beganMs).toBeLessThan(7000);
    server.thaw();
    expect((await api.get("/admin/queues/api/queues")).status).toBe(200);
  });
});
