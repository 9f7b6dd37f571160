import { get as httpGet, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { dayOf, minuteAt } from "../../../shared/time/minute.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

interface SeenEvent {
  event: string;
  data: Record<string, unknown>;
}

const today = dayOf(minuteAt(Date.now() * 1000));
let store: StoreFixture;
let api: ApiFixture;
let state: CameraState;
let looks = 0;

function statuses(): CameraStatus[] {
  looks++;
  const counters = {
    frames: looks,
    bytes: looks,
    droppedFrames: 0,
    damagedFrames: 0,
    lostPackets: 0,
    sessions: 1,
    reconnects: 0,
  };
  const url = "rtsp://admin:hunter2@192.0.2.1/";
  return ["front-door", "back_yard-2"].map((camera) => {
    const since = "2026-11-24T14:33:00.000Z";
    return { camera, recorder: "r", state: camera === "front-door" ? state : "recording", since, ...counters, url };
  });
}

function liveSource() {
  const services = (["recorder", "converter"] as const).map((service) => {
    return { service, instance: service, startedAt: "2026-11-24T14:00:00.000Z", problems: [] };
  });
  return {
    readRedisFacts: async () => ({}),
    findTrouble: async () => undefined,
    readCameras: async () => statuses(),
    readServices: async () => services,
    readBacklog: async () => ({ waiting: looks, active: 0, failed: 0 }),
  };
}

beforeEach(async () => {
  state = "recording";
  store = new StoreFixture();
  api = await new ApiFixture(store, { live: liveSource(), eventIntervalMs: 50 }).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

class Listener {
  text = "";
  ended = false;
  res: IncomingMessage | undefined;

  static async open(): Promise<Listener> {
    const listener = new Listener();
    await new Promise<void>((resolve, reject) => {
      httpGet(`${api.url}/api/1/events`, { agent: false, headers: { "Accept-Encoding": "gzip" } }, (res) => {
        listener.res = res;
        res.on("data", (piece) => {
          listener.text += piece;
          if (listener.text.includes("event: health")) resolve();
        });
        res.on("error", () => {});
        res.on("close", () => {
          listener.ended = true;
        });
      }).on("error", reject);
    });
    return listener;
  }

  get events(): SeenEvent[] {
    return [...this.text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, event, data]) => ({
      event: event as string,
      data: JSON.parse(data as string),
    }));
  }

  async until(event: string, data: Record<string, unknown>, timeoutMs = 5000): Promise<void> {
    await vi.waitFor(
      () => expect(this.events).toContainEqual({ event, data: expect.objectContaining(data) }),
      timeoutMs,
    );
  }
}

describe("GET /api/1/events", () => {
  it("begins with the present state of every camera and of the whole, and is an uncompressed event stream", async () => {
    const listener = await Listener.open();
    expect(listener.res?.headers).toMatchObject({ "content-type": "text/event-stream; charset=utf-8" });
    expect(listener.res?.headers["content-encoding"]).toBeUndefined();
    expect(listener.events.map(({ event, data }) => [event, data.camera ?? data.status])).toEqual([
      ["camera", "front-door"],
      ["camera", "back_yard-2"],
      ["health", "running"],
    ]);
    expect(listener.text).not.toContain("hunter2");
  });

  it("tells of the first minute of all, of its pictures when they come, and of a late part merged in", async () => {
    const listener = await Listener.open();
    const name = `${today}.0000`;
    const start = `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`;
    store.write(minutePath(store.directory("front-door"), "front-door", name, "mp4"), "mp4");
    await listener.until("minute", { camera: "front-door", name, start, hasThumbnail: false });
    store.minute("front-door", name);
    await listener.until("minute", { camera: "front-door", name, hasThumbnail: true, hasPreview: true });
    const before = listener.events.length;
    store.chunk("front-door", name, 2);
    await vi.waitFor(() => expect(listener.events.length).toBeGreaterThan(before), 5000);
  });

  it("tells of a camera that stops recording, and of the health that this makes, once each", async () => {
    const listener = await Listener.open();
    const before = listener.events.length;
    state = "stalled";
    await listener.until("camera", { camera: "front-door", recording: false, state: "stalled", problem: "stalled" });
    await listener.until("health", { status: "error" });
    await new Promise((resolve) => setTimeout(resolve, 1500)); // meanwhile counters keep changing
    expect(listener.events.length).toBe(before + 2);
  });

  it("tells of a condition when it begins and when it ends, once each, with what it is", async () => {
    await api.stop();
    api = await new ApiFixture(store, { live: liveSource(), eventIntervalMs: 50, watchesHealth: true }).start();
    const listener = await Listener.open();
    state = "stalled";
    const condition = { id: "camera-not-recording", subject: "front-door", severity: "error" };
    const told = (change: string) => ({ change, condition: expect.objectContaining(condition) });
    await listener.until("condition", told("began"), 20_000);
    await listener.until("health", { health: [expect.objectContaining(condition)] });
    const someLooks = () => new Promise((resolve) => setTimeout(resolve, 300));
    await someLooks();
    expect(listener.events).not.toContainEqual({ event: "condition", data: told("ended") });
    state = "recording";
    await listener.until("condition", told("ended"), 20_000);
    await someLooks();
    const data = listener.events.flatMap(({ event, data }) => (event === "condition" ? [data] : []));
    expect(data).toEqual([
      { change: "began", condition: data[0]?.condition },
      { change: "ended", condition: data[0]?.condition },
    ]);
  }, 120_000);

  it("looks once for all its clients, and not at all when the last has gone", async () => {
    const listeners = await Promise.all(Array.from({ length: 10 }, () => Listener.open()));
    const name = `${today}.0001`;
    store.minute("front-door", name);
    for (const listener of listeners) await listener.until("minute", { name });
    const began = looks;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(looks - began).toBeLessThan(5);
    for (const listener of listeners) listener.res?.destroy();
    await vi.waitFor(() => expect(api.parts.events.clients).toBe(0));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = looks;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(looks).toBe(before);
  });

  it("takes 100 streams of a client and no more, also when they all come at the same moment; other clients get theirs", async () => {
    const ask = (localAddress: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        httpGet(`${api.url}/api/1/events`, { agent: false, localAddress }, (res) => {
          resolve(res.on("error", () => {}).resume());
        }).on("error", reject);
      });
    const { monitor } = api.parts;
    const statusOf = monitor.status.bind(monitor);
    vi.spyOn(monitor, "status").mockImplementation(async () => {
      await new Promise((wake) => setTimeout(wake, 500)); // as if Redis were slow
      return statusOf();
    });
    const answers = await Promise.all(Array.from({ length: 130 }, () => ask("127.0.0.2")));
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect([refused.length, api.parts.events.clients]).toEqual([30, 100]);
    expect(refused[0]?.headers).toMatchObject({ "retry-after": expect.stringMatching(/^\d+$/) });
    expect((await ask("127.0.0.3")).statusCode).toBe(200);
    answers.find(({ statusCode }) => statusCode === 200)?.destroy();
    await expect.poll(async () => (await ask("127.0.0.2")).statusCode, { timeout: 20_000 }).toBe(200);
  });

  it("ends all streams when the api stops, and takes no more", async () => {
    const listener = await Listener.open();
    api.parts.events.close();
    await vi.waitFor(() => expect(listener.ended).toBe(true));
    expect(await api.get("/api/1/events")).toMatchObject({ status: 503 });
  });
});
