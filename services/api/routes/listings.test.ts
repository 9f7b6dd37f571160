import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RequestHandler } from "express";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { rememberCameraDirectory } from "../../../shared/store/directories.ts";
import { dayFolder } from "../../../shared/store/names.ts";
import { dayOf, minuteAt } from "../../../shared/time/minute.ts";
import { SECRET, StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const files = new StoreFiles();

let store: StoreFixture;
let api: ApiFixture;

beforeEach(async () => {
  store = new StoreFixture({ "front-door": {}, "back_yard-2": {}, off: { enabled: false } });
  api = await new ApiFixture(store).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

// biome-ignore lint/suspicious/noExplicitAny: tests look at the shape of whatever came
async function get(path: string): Promise<{ status: number; body: any }> {
  const reply = await api.get(path);
  expect(reply.text).not.toContain(SECRET);
  return { status: reply.status, body: reply.json() };
}

describe("cameras.json", () => {
  it("lists the enabled cameras in the original's envelope, as the configuration is now", async () => {
    expect((await get("/api/1/cameras.json")).body).toEqual({
      date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/),
      system: { name: "Hindsight", version: "1.2.3" },
      payload: { cameras: ["front-door", "back_yard-2"] },
    });
    store.config.change({ cameras: new Map([["new", store.camera("new")]]) });
    expect((await get("/api/1/cameras.json")).body.payload).toEqual({ cameras: ["new"] });
  });
});

describe("cameras/YYYYMMDD", () => {
  beforeEach(() => {
    store.minute("front-door", "20261124.0001");
    store.minute("front-door", "20261124.2359");
    store.minute("back_yard-2", "20261124.2359");
    store.minute("off", "20261124.1200");
    store.chunk("front-door", "20261124.1300");
    store.minute("front-door", "20261125.0000");
  });

  it("lists the day's converted minutes with the cameras that have them, and the first and last", async () => {
    const { body } = await get("/api/1/cameras/20261124?camera_ids=back_yard-2,front-door");
    expect(body.payload).toEqual({
      min: "20261124.0001",
      max: "20261124.2359",
      camera_ids: ["back_yard-2", "front-door"],
      dates: { "20261124.0001": ["front-door"], "20261124.2359": ["back_yard-2", "front-door"] },
    });
    expect(Object.keys(body)).toEqual(["date", "system", "payload"]);
  });

  it("means all cameras when none is named, disabled and removed ones too, and understands six-digit days", async () => {
    await rememberCameraDirectory(files, store.root, { camera: "gone", directory: join(store.root, "gone") });
    store.minute("gone", "20261124.0500");
    const { body } = await get("/api/1/cameras/261124");
    expect(body.payload.camera_ids).toEqual(["front-door", "back_yard-2", "off", "gone"]);
    expect(body.payload.dates).toMatchObject({ "20261124.1200": ["off"], "20261124.0500": ["gone"] });
    expect((await get("/api/1/cameras/20261124?camera_ids=gone")).body.payload.max).toBe("20261124.0500");
  });

  it("says so when there is nothing: no minutes, min and max null", async () => {
    expect((await get("/api/1/cameras/20200101?camera_ids=front-door")).body.payload).toEqual({
      min: null,
      max: null,
      camera_ids: ["front-door"],
      dates: {},
    });
  });

  it("refuses days that the calendar has not, and cameras that never were", async () => {
    for (const day of ["20260231", "2026112", "today", "20261124.json", "99999999"]) {
      expect(await get(`/api/1/cameras/${day}`), day).toMatchObject({ status: 400, body: { status: 400 } });
    }
    expect(await get("/api/1/cameras/20261124?camera_ids=front-door,nobody")).toMatchObject({
      status: 404,
      body: { type: "urn:hindsight:problem:unknown-camera", detail: expect.stringContaining("nobody") },
    });
  });

  it("shows the other cameras' footage when one camera's disk cannot be read, and names that camera", async () => {
    // Simulates a failing disk, also for root, which ignores permissions: nobody can read a loop of links.
    breakDay("back_yard-2", "20261124");
    const { body } = await get("/api/1/cameras/20261124?camera_ids=front-door,back_yard-2");
    expect(body.payload.unreadable).toEqual(["back_yard-2"]);
    expect(Object.keys(body.payload.dates)).toEqual(["20261124.0001", "20261124.2359"]);
    const alone = await get("/api/1/cameras/20261124?camera_ids=back_yard-2");
    expect(alone).toMatchObject({ status: 503, body: { type: "urn:hindsight:problem:unavailable" } });
  });
});

function breakDay(camera: string, day: string): void {
  const folder = dayFolder(store.directory(camera), day);
  rmSync(folder, { recursive: true });
  symlinkSync(folder, folder);
}

describe("camera/{id}/minutes", () => {
  it("lists minutes with start, size, pictures and state", async () => {
    store.minute("front-door", "20261124.1433", 1234);
    const waiting = store.chunk("front-door", "20261124.1434");
    store.chunk("front-door", "20261124.1434", 2);
    store.age(waiting, 300);
    store.chunk("front-door", "20261124.1435");
    store.quarantinedChunk("front-door", "20261124.0100");
    const { body } = await get("/api/1/camera/front-door/minutes?day=20261124");
    const pictures = { hasPreview: false, hasThumbnail: false };
    expect(body).toEqual({
      camera: "front-door",
      from: "2026-11-24T00:00:00.000Z",
      to: "2026-11-25T00:00:00.000Z",
      minutes: [
        { name: "20261124.0100", start: "2026-11-24T01:00:00.000Z", state: "quarantined", ...pictures },
        {
          name: "20261124.1433",
          start: "2026-11-24T14:33:00.000Z",
          state: "ready",
          hasPreview: true,
          hasThumbnail: true,
          sizeBytes: 1234,
        },
        { name: "20261124.1434", start: "2026-11-24T14:34:00.000Z", state: "waiting", ...pictures, sizeBytes: 10 },
        { name: "20261124.1435", start: "2026-11-24T14:35:00.000Z", state: "recording", ...pictures, sizeBytes: 5 },
      ],
    });
  });

  it("takes a chunk that has not grown for a while as waiting, not as recording", async () => {
    store.age(store.chunk("front-door", "20261124.1435"), 30);
    const { body } = await get("/api/1/camera/front-door/minutes?day=20261124");
    expect(body.minutes).toMatchObject([{ name: "20261124.1435", state: "waiting" }]);
  });

  it("lists the minutes that overlap a stretch of time, over midnight, in any zone, its end excluded", async () => {
    for (const minute of ["20261124.2357", "20261124.2358", "20261124.2359", "20261125.0000", "20261125.0001"]) {
      store.minute("front-door", minute);
    }
    const query = new URLSearchParams({ from: "2026-11-25T00:58:30+01:00", to: "2026-11-25T00:01:00Z" });
    const { body } = await get(`/api/1/camera/front-door/minutes?${query}`);
    const names = body.minutes.map(({ name }: { name: string }) => name);
    expect(names).toEqual(["20261124.2358", "20261124.2359", "20261125.0000"]);
  });

  it("refuses what is not a stretch of time, or too long a one, with the reason", async () => {
    const queries = [
      "",
      "day=20260231",
      "day=20261124&from=2026-11-24T00:00:00Z",
      "from=2026-11-24T00:00:00Z",
      "from=2026-11-24T00:00:00&to=2026-11-24T01:00:00",
      "from=2026-02-30T00:00:00Z&to=2026-03-09T00:00:00Z",
      "from=2026-11-24T01:00:00Z&to=2026-11-24T00:00:00Z",
      "from=1926-11-24T01:00:00Z&to=2026-11-24T00:00:00Z",
      "day=20261124&day=20261125",
    ];
    for (const query of queries) {
      const reply = await get(`/api/1/camera/front-door/minutes?${query}`);
      expect(reply, query).toMatchObject({ status: 400, body: { detail: expect.any(String) } });
    }
    expect(await get("/api/1/camera/nobody/minutes?day=20261124")).toMatchObject({ status: 404 });
    expect(await get("/api/1/camera/..%2ffront-door/minutes?day=20261124")).toMatchObject({ status: 404 });
  });

  it("answers every query with a list or a problem, never a 500", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom(
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59+23:59",
        "0001-01-01T00:00:00+14:00",
        "20261124",
        "261124",
      ),
    );
    const query = fc.record({ day: text, from: text, to: text }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(query, async (parameters) => {
        const reply = await api.get(`/api/1/camera/front-door/minutes?${new URLSearchParams(parameters)}`);
        expect([200, 400]).toContain(reply.status);
      }),
      { numRuns: 300 },
    );
  });
});

describe("days", () => {
  it("lists each camera's days with footage, converted or not, over years", async () => {
    store.minute("front-door", "20240229.0000");
    store.chunk("front-door", "20261124.1433");
    store.minute("off", "20261101.0000");
    expect((await get("/api/1/days")).body).toEqual({
      cameras: { "front-door": ["20240229", "20261124"], "back_yard-2": [], off: ["20261101"] },
    });
    expect((await get("/api/1/days?camera_ids=off")).body).toEqual({ cameras: { off: ["20261101"] } });
    expect(await get("/api/1/days?camera_ids=nobody")).toMatchObject({ status: 404 });
  });
});

describe("days, over years and in pages", () => {
  beforeEach(() => {
    for (const day of ["20240229", "20250101", "20261123", "20261124"]) store.minute("front-door", `${day}.0000`);
    for (const day of ["20250101", "20261101"]) store.minute("off", `${day}.0000`);
  });

  it("are listed from one day to another, both included", async () => {
    expect((await get("/api/1/days?from=20250101&to=261123&camera_ids=front-door,off")).body).toEqual({
      cameras: { "front-door": ["20250101", "20261123"], off: ["20250101", "20261101"] },
    });
    expect((await get("/api/1/days?to=20240229")).body.cameras["front-door"]).toEqual(["20240229"]);
    for (const query of ["from=20260231", "to=x", "from=20261124&to=20261123", "limit=0", "limit=x", "limit=10001"]) {
      expect((await get(`/api/1/days?${query}`)).status, query).toBe(400);
    }
  });

  it("join from pages to the whole list, none twice", async () => {
    const whole = (await get("/api/1/days?camera_ids=front-door,off")).body;
    for (const limit of [1, 2, 3, 5, 100]) {
      const pages = await pagesOf(`/api/1/days?camera_ids=front-door,off&limit=${limit}`);
      const days = (camera: string) => pages.flatMap(({ cameras }) => cameras[camera]);
      expect({ "front-door": days("front-door"), off: days("off") }).toEqual(whole.cameras);
      expect(pages).toHaveLength(Math.ceil(5 / limit));
    }
  });
});

describe("minutes in pages", () => {
  it("join to the whole list, over days, with those in quarantine and copies of one name together", async () => {
    const old = join(store.root, "old disk");
    await rememberCameraDirectory(files, store.root, { camera: "front-door", directory: old });
    for (const minute of ["20261122.1200", "20261123.2358", "20261123.2359", "20261124.0001"]) {
      store.minute("front-door", minute);
    }
    for (const minute of ["20261122.1200", "20261123.2358"]) store.minute("front-door", minute, 10, old);
    store.chunk("front-door", "20261124.0002");
    store.quarantinedChunk("front-door", "20261124.0000");
    const query = "from=2026-11-22T00:00:00Z&to=2026-11-25T00:00:00Z";
    const whole = (await get(`/api/1/camera/front-door/minutes?${query}`)).body.minutes;
    expect(whole).toHaveLength(8);
    for (const limit of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const pages = await pagesOf(`/api/1/camera/front-door/minutes?${query}&limit=${limit}`);
      expect(pages.flatMap(({ minutes }) => minutes)).toEqual(whole);
      for (const { minutes } of pages) expect(minutes.length).toBeLessThanOrEqual(limit + 1);
    }
    const [first] = await pagesOf("/api/1/camera/front-door/minutes?day=20261123&limit=1");
    expect(first.next).toBe("?limit=1&from=2026-11-23T23:59:00.000Z&to=2026-11-24T00:00:00.000Z");
  });
});

/** All pages of an answer, each found by the reference in the one before. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at the shape of whatever came
async function pagesOf(path: string): Promise<any[]> {
  const pages = [];
  for (let url: URL | undefined = new URL(path, api.url); url !== undefined; ) {
    const { status, body } = await get(`${url.pathname}${url.search}`);
    expect(status).toBe(200);
    pages.push(body);
    url = body.next === undefined ? undefined : new URL(body.next, url);
  }
  return pages;
}

describe("cameras with state", () => {
  it("are all that are or were configured, with what the recorder tells and the days that have footage", async () => {
    await rememberCameraDirectory(files, store.root, { camera: "gone", directory: join(store.root, "gone") });
    store.minute("gone", "20250101.0500");
    store.minute("front-door", "20261123.0500");
    store.chunk("front-door", "20261124.0500");
    const since = "2026-11-24T14:33:00.000Z";
    const counters = {
      frames: 9,
      bytes: 9,
      droppedFrames: 0,
      damagedFrames: 0,
      lostPackets: 0,
      sessions: 1,
      reconnects: 0,
    };
    const told = { recorder: "r", since, ...counters };
    const stream = { codec: "avc1.64001f", width: 1920, height: 1080, framesPerSecond: 25 };
    const live = {
      readRedisFacts: async () => ({}),
      findTrouble: async () => undefined,
      readCameras: async () => [
        { camera: "front-door", state: "recording" as const, ...told, ...stream },
        { camera: "back_yard-2", state: "refused" as const, problem: "401 Unauthorized", ...told },
      ],
      readServices: async () => [],
      readBacklog: async () => ({ waiting: 0, active: 0, failed: 0 }),
    };
    const other = await new ApiFixture(store, { live }).start();
    try {
      const reply = await other.get("/api/1/cameras");
      expect(reply.headers["cache-control"]).toBe("no-store");
      const none = { recording: false, problem: null, firstDay: null, lastDay: null };
      expect(reply.json()).toEqual({
        cameras: [
          {
            camera: "front-door",
            configured: true,
            enabled: true,
            recording: true,
            state: "recording",
            since,
            problem: null,
            ...stream,
            firstDay: "20261123",
            lastDay: "20261124",
          },
          {
            ...none,
            camera: "back_yard-2",
            configured: true,
            enabled: true,
            state: "refused",
            since,
            problem: expect.stringContaining("401 Unauthorized"),
          },
          { ...none, camera: "off", configured: true, enabled: false, state: "unknown", since: null },
          {
            ...none,
            camera: "gone",
            configured: false,
            enabled: false,
            state: "unknown",
            since: null,
            firstDay: "20250101",
            lastDay: "20250101",
          },
        ],
      });
    } finally {
      await other.stop();
    }
  });
});

describe("every answer", () => {
  it("is compressed when it is JSON and long", async () => {
    const now = dayOf(minuteAt(Date.now() * 1000));
    for (let i = 10; i < 60; i++) store.minute("front-door", `${now}.00${i}`);
    const reply = await api.get(`/api/1/cameras/${now}`, { "Accept-Encoding": "gzip" });
    expect(reply.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(reply.body).toString()).payload.max).toBe(`${now}.0059`);
  });

  it("that fails inside says nothing of why, but under which reference the log has it", async () => {
    const healthRouter: RequestHandler = () => {
      throw new Error(`ENOENT ${store.root}/x rtsp://admin:${SECRET}@h/`);
    };
    const other = await new ApiFixture(store, { healthRouter }).start();
    try {
      const reply = await other.get("/broken");
      expect(reply).toMatchObject({ status: 500, headers: { "content-type": "application/problem+json" } });
      expect(reply.text).not.toMatch(/ENOENT|hunter2|rtsp/);
      const reference = /under ([0-9a-f]{8})/.exec(reply.json().detail)?.[1] as string;
      expect(other.log.filter((line) => line.includes(reference))).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it("carries headers that keep browsers from misusing it, and does not say what made it", async () => {
    for (const path of ["/api/1/cameras.json", "/nothing", "/"]) {
      const { headers } = await api.get(path);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["content-security-policy"]).toContain("script-src 'self'");
      expect(headers["x-powered-by"]).toBeUndefined();
    }
  });
});

describe("the page", () => {
  it("is said not to be built as long as it is not", async () => {
    for (const [accept, type] of [
      ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
      ["*/*", "application/problem+json"],
    ] as const) {
      const reply = await api.get("/", { Accept: accept });
      expect(reply).toMatchObject({ status: 503, text: expect.stringContaining("npm run build:page") });
      expect(reply.headers["content-type"]).toBe(type);
    }
  });

  it("is served: hashed assets for ever, the rest asked for anew", async () => {
    const folder = api.parts.pageFolder;
    mkdirSync(join(folder, "assets"), { recursive: true });
    writeFileSync(join(folder, "index.html"), "<!doctype html><title>Hindsight</title>");
    writeFileSync(join(folder, "assets", "main-B2x.js"), "console.log(1)");
    writeFileSync(join(folder, "favicon.svg"), "<svg/>");
    const page = await api.get("/");
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining("<title>Hindsight") });
    expect(page.headers["cache-control"]).toBe("no-cache");
    expect((await api.get("/", { "If-None-Match": page.headers.etag as string })).status).toBe(304);
    expect((await api.get("/assets/main-B2x.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect((await api.get("/favicon.svg")).headers["cache-control"]).toBe("no-cache");
    for (const path of ["/assets/other.js", "/assets/..%2f..%2fsecret", "/../package.json", "/.git/config"]) {
      expect((await api.get(path)).headers["content-type"], path).toBe("application/problem+json");
    }
  });
});
