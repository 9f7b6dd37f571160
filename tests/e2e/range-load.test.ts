import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import { realMinute } from "../../services/api/testing/real-minute.ts";
import { minutePath } from "../../shared/store/names.ts";
import { minuteAt } from "../../shared/time/minute.ts";
import { StoreFixture } from "../support/store-fixture.ts";

/** An hour of footage, of which many ranges are requested at once. */
const CAMERA = "front-door";
const START_US = Date.UTC(2025, 10, 24, 14) * 1000;
const MINUTES = 60;
const AT_ONCE = 1000;
const CLIENTS = 20;
const iso = (timeUs: number) => new Date(timeUs / 1000).toISOString();

let store: StoreFixture;
let api: ApiFixture;

const range = (minutes: number) =>
  `/api/1/camera/${CAMERA}/range.mp4?start=${iso(START_US)}&end=${iso(START_US + minutes * 60e6)}`;
/** Status, Content-Length, actual length and SHA-256 of an answer, whose body is not kept. */
interface Reply {
  status?: number;
  promised: number;
  length: number;
  sha256: string;
}

/** @param client the last part of a loopback address, because limits are per client */
function ask(path: string, client = 1): Promise<Reply & { retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", localAddress: `127.0.0.${client}`, port: api.port, path, agent: false };
    const asked = get(options, (res) => {
      const hash = createHash("sha256");
      let length = 0;
      res.on("error", reject);
      res.on("data", (bytes: Buffer) => {
        length += bytes.length;
        hash.update(bytes);
      });
      res.on("end", () => {
        const promised = Number(res.headers["content-length"]);
        const retryAfter = res.headers["retry-after"];
        resolve({ status: res.statusCode as number, promised, length, sha256: hash.digest("hex"), retryAfter });
      });
    });
    asked.on("error", reject);
  });
}

/** Repeats the request as long as the answer asks to retry later. */
async function askPatiently(path: string, client: number): Promise<Reply> {
  for (;;) {
    const { retryAfter, ...reply } = await ask(path, client);
    if (reply.status !== 429 && reply.status !== 503) return reply;
    expect(retryAfter, "when to come back").toMatch(/^\d+$/);
    await new Promise((wake) => setTimeout(wake, 200));
  }
}

const openFiles = async () => (await readdir("/proc/self/fd")).length;

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  for (let i = 0; i <= MINUTES; i++) {
    const minute = minuteAt(START_US + i * 60e6);
    store.write(minutePath(store.directory(CAMERA), CAMERA, minute, "mp4"), await realMinute(minute));
  }
  api = await new ApiFixture(store).start();
}, 120_000);

afterAll(async () => {
  await api.stop();
  store.remove();
});

describe("a thousand ranges at once", () => {
  test("of twenty clients are all answered in full, those beyond the bounds when they come back, and leave no file open", async () => {
    const [hour, minute] = [await askPatiently(range(MINUTES), 1), await askPatiently(range(1), 1)];
    expect(hour).toMatchObject({ status: 200, promised: hour.length });
    const before = await openFiles();
    const asked = async (i: number) => {
      const isHour = i % 100 === 0;
      const reply = await askPatiently(range(isHour ? MINUTES : 1), 2 + (i % CLIENTS));
      expect(reply).toEqual(isHour ? hour : minute);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => asked(i)));
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before), 10_000);
  }, 300_000);

  test("whose clients go away free what they took: the next is answered, no file is left open", async () => {
    const before = await openFiles();
    const gone = Array.from({ length: AT_ONCE }, () => {
      const request = get({ host: "127.0.0.1", port: api.port, path: range(MINUTES), agent: false });
      return request.on("error", () => {});
    });
    await new Promise((wake) => setTimeout(wake, 300));
    for (const request of gone) request.destroy();
    expect((await askPatiently(range(1), 2)).status).toBe(200);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before), 10_000);
  }, 120_000);

  test("of a hundred years, of which there is an hour, do not keep other requests waiting", async () => {
    const path = `/api/1/camera/${CAMERA}.range.19500101.0000.to.20491231.2359.mp4`;
    let isDone = false;
    const years = Promise.all(Array.from({ length: 50 }, () => api.get(path)));
    void years.then(() => {
      isDone = true;
    });
    expect((await api.get("/api/1/days")).status).toBe(200);
    expect(isDone, "all ranges were answered before another request").toBe(false);
    expect((await years).map(({ status }) => status)).toEqual(Array(50).fill(307));
  });
});
