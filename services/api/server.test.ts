import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreFixture } from "../../tests/support/store-fixture.ts";
import { ApiServer } from "./server.ts";
import { ApiFixture } from "./testing/api-fixture.ts";

const SIZE = 30_000_000;
let store: StoreFixture;
let api: ApiFixture;

beforeEach(async () => {
  store = new StoreFixture();
  store.minute("front-door", "20261124.1433", SIZE);
  api = await new ApiFixture(store).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

/** A download that has begun and whose client stops reading. */
async function beginDownload(): Promise<Socket> {
  const socket = connect(api.port, "127.0.0.1");
  socket.write(`GET /api/1/camera/front-door.preview.20261124.1433.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(socket, "readable");
  return socket;
}

function readAll(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    socket.on("data", (piece) => {
      bytes += piece.length;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(bytes));
  });
}

describe("ApiServer", () => {
  it("lets a download be finished while it stops, takes no new requests, and is then gone", async () => {
    const socket = await beginDownload();
    const stopped = api.server.stop(30_000);
    await expect(api.get("/api/1/cameras.json")).rejects.toThrow(/ECONNREFUSED/);
    expect(await readAll(socket)).toBeGreaterThan(SIZE);
    await stopped;
  });

  it("cuts a download that is still not read when the time for stopping is over", async () => {
    const socket = await beginDownload();
    const beganMs = Date.now();
    await api.server.stop(300);
    expect(Date.now() - beganMs).toBeLessThan(5000);
    expect(await readAll(socket)).toBeLessThan(SIZE);
  });

  it("cuts off who takes nothing of an answer, not who waits for one that takes long to be made", async () => {
    const stallLimitMs = 100;
    let cutOff = () => {};
    const isCutOff = new Promise<void>((resolve) => (cutOff = resolve));
    const listener: RequestListener = (request, response) => {
      if (request.url === "/long") setTimeout(() => response.end("made"), 5 * stallLimitMs);
      else response.once("close", cutOff).write(Buffer.alloc(SIZE));
    };
    const server = new ApiServer(listener, undefined, {}, stallLimitMs);
    const port = await server.listen("127.0.0.1", 0);
    const ask = (path: string) => {
      const socket = connect(port, "127.0.0.1");
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return socket;
    };
    const [waiting, unread] = [ask("/long"), ask("/large")];
    const [answer] = await Promise.race([once(waiting, "data"), once(waiting, "close")]);
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 [\s\S]*made/);
    await isCutOff;
    for (const socket of [waiting, unread]) socket.destroy();
    await server.stop(0);
  });

  it("keeps connections for 65 s between requests, and says while it stops that no more will come", async () => {
    const socket = await beginDownload();
    const stopped = api.server.stop(30_000);
    socket.write("GET /api/1/cameras.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const pieces: Buffer[] = [];
    socket.on("data", (piece) => pieces.push(piece));
    await once(socket, "close");
    await stopped;
    const all = Buffer.concat(pieces);
    const begin = all.indexOf("\r\n\r\n");
    expect(all.subarray(0, begin).toString()).toMatch(/^Connection: keep-alive\r\nKeep-Alive: timeout=65\r?$/m);
    const next = all.subarray(begin + 4 + SIZE).toString();
    expect(next).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(next).toMatch(/^Connection: close\r$/m);
  });

  it("does not wait for idle connections that browsers keep alive", async () => {
    const socket = connect(api.port, "127.0.0.1");
    socket.write("GET /api/1/cameras.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    const beganMs = Date.now();
    await api.server.stop(30_000);
    expect(Date.now() - beganMs).toBeLessThan(5000);
    socket.destroy();
  });

  it.each([
    ["CONNECT", "CONNECT camera:554 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["an upgrade that is refused", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["an upgrade to HTTP/2", "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"],
  ])("survives clients that hang up in the middle of %s", async (_, request) => {
    const thrown: Error[] = [];
    const note = (error: Error) => thrown.push(error);
    process.on("uncaughtException", note);
    try {
      for (let i = 0; i < 100; i++) {
        const socket = connect(api.port, "127.0.0.1").on("error", () => {});
        await once(socket, "connect");
        await new Promise<void>((resolve) => socket.write(request, () => resolve()));
        socket.resetAndDestroy();
      }
      expect((await api.get("/api/1/cameras.json")).status).toBe(200);
      expect(thrown).toEqual([]);
    } finally {
      process.off("uncaughtException", note);
    }
  });
});
