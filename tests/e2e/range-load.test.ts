import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import { realMinute } from "../../services/api/testing/real-minute.ts";
import { StoreFixture } from "../../services/api/testing/store-fixture.ts";
import { minutePath } from "../../shared/store/names.ts";
import { minuteAt } from "../../shared/time/minute.ts";

/** An hour of footage, for ranges that are asked for in great numbers. */
const CAMERA = "front-door";
const START_US = Date.UTC(2025, 10, 24, 14) * 1000;
const MINUTES = 60;
const AT_ONCE = 1000;
const iso = (timeUs: number) => new Date(timeUs / 1000).toISOString();

let store: StoreFixture;
let api: ApiFixture;

const range = (minutes: number) =>
  `/api/1/camera/${CAMERA}/range.mp4?start=${iso(START_US)}&end=${iso(START_US + minutes * 60e6)}`;
/** Status, promised length, length and SHA-256 of an answer; nothing of it is kept. */
function ask(
  path: string,
  onBegun = () => {},
): Promise<{ status?: number; promised: number; length: number; sha256: string }> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port: api.port, path, agent: false }, (res) => {
      const hash = createHash("sha256");
      let length = 0;
      onBegun();
      res.on("error", reject);
      res.on("data", (bytes: Buffer) => {
        length += bytes.length;
        hash.update(bytes);
      });
      res.on("end", () => {
        const promised = Number(res.headers["content-length"]);
        resolve({ status: res.statusCode as number, promised, length, sha256: hash.digest("hex") });
      });
    });
    asked.on("error", reject);
  });
}

const openFiles = async () => (await readdir("/proc/self/fd")).length;

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  for (let i = 0; i <= MINUTES; i++) {
    const minute = minuteAt(START_US + i * 60e6);
    store.write(minutePath(store.directory(CAMERA), CAMERA, minute, "mp4"), await realMinute(minute));
  }
  api = await new ApiFixture(store).start();
}, 60_000);

afterAll(async () => {
  await api.stop();
  store.remove();
});

describe("a thousand ranges at once", () => {
  test("are all answered in full, begun in the order in which they came, and leave no file open", async () => {
    const [hour, minute] = [await ask(range(MINUTES)), await ask(range(1))];
    expect(hour).toMatchObject({ status: 200, promised: hour.length });
    const before = await openFiles();
    const order: number[] = [];
    const asked = async (i: number) => {
      const reply = await ask(range(i % 25 === 0 ? MINUTES : 1), () => order.push(i));
      expect(reply).toEqual(i % 25 === 0 ? hour : minute);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => asked(i)));
    const late = order.map((i, place) => Math.abs(i - place));
    expect(Math.max(...late), "places that one was overtaken by").toBeLessThan(AT_ONCE / 10);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before));
  }, 60_000);

  test("whose clients go away free what they took: the next is answered, no file is left open", async () => {
    const before = await openFiles();
    const gone = Array.from({ length: AT_ONCE }, () => {
      const request = get({ host: "127.0.0.1", port: api.port, path: range(MINUTES), agent: false });
      return request.on("error", () => {});
    });
    await new Promise((wake) => setTimeout(wake, 300));
    for (const request of gone) request.destroy();
    expect((await ask(range(1))).status).toBe(200);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before), 10_000);
  }, 60_000);

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
