import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHealthHandler } from "../../../shared/service/health-server.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const EVERYTHING = [
  "/api/1/system.json",
  "/api/1/events",
  "/api/1/docs",
  "/api/1/camera/front-door.preview.20261124.1433.mp4",
  "/admin/queues/api/queues",
  "/health",
  "/",
  "/nothing",
];

let store: StoreFixture;
let api: ApiFixture;

beforeEach(async () => {
  store = new StoreFixture();
  store.minute("front-door", "20261124.1433");
  const healthRouter = createHealthHandler({ problems: () => [], metrics: {} as never });
  api = await new ApiFixture(store, { healthRouter }).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

function set(api: { hosts?: string[]; trustedProxies?: string[] }): void {
  store.config.change({ api: { ...store.config.current.api, ...api } });
}

const status = async (headers: Record<string, string>) => (await api.get("/api/1/cameras.json", headers)).status;

describe("a request for another host", () => {
  it.each(EVERYTHING)("is refused before anything else: %s", async (path) => {
    for (const method of ["GET", "PUT", "OPTIONS"]) {
      const headers = { Host: "evil.example:8080", Origin: "http://evil.example:8080" };
      const reply = await api.get(path, headers, method);
      expect(reply).toMatchObject({ status: 421, headers: { "content-type": "application/problem+json" } });
      expect(reply.json()).toMatchObject({
        type: "urn:hindsight:problem:unknown-host",
        status: 421,
        detail: expect.stringMatching(/"evil\.example" is not served here: .* api\.hosts \(NVR_API_HOSTS\)/),
      });
    }
    expect(api.log.filter((line) => line.includes("evil.example"))).toHaveLength(1);
  });

  it("is refused as a WebSocket, or whatever else may be upgraded to", async () => {
    for (const protocol of ["websocket", "h2c"]) {
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(api.port, "127.0.0.1");
        const upgrade = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
        socket.write(`GET /api/1/camera/front-door/live HTTP/1.1\r\nHost: evil.example\r\n${upgrade}\r\n`);
        let text = "";
        socket.on("data", (data) => {
          text += data;
        });
        socket.on("close", () => resolve(text));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 421 [\s\S]*application\/problem\+json[\s\S]*unknown-host/);
    }
  });

  it("is none when the name stands in api.hosts, also while the api runs", async () => {
    expect(await status({ Host: "nvr.example" })).toBe(421);
    set({ hosts: ["nvr.example"] });
    expect(await status({ Host: "nvr.example" })).toBe(200);
    expect(await status({ Host: "evil.example" })).toBe(421);
  });

  it("is told by X-Forwarded-Host or Forwarded of a trusted proxy alone", async () => {
    const forwarded: Record<string, string>[] = [
      { "X-Forwarded-Host": "evil.example" },
      { Forwarded: "for=x;host=evil.example" },
    ];
    for (const headers of forwarded) expect(await status(headers)).toBe(200);
    set({ trustedProxies: ["127.0.0.1"], hosts: ["nvr.example"] });
    for (const headers of forwarded) expect(await status(headers)).toBe(421);
    expect(await status({ "X-Forwarded-Host": "nvr.example" })).toBe(200);
    expect(await status({ Forwarded: "for=x;host=nvr.example" })).toBe(200);
    // Scripts of a page whose name resolves to us can send that header, too: the requested host must still be ours.
    expect(await status({ Host: "evil.example", "X-Forwarded-Host": "nvr.example" })).toBe(421);
  });
});
