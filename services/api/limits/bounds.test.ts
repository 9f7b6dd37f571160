import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import express from "express";
import { afterEach, beforeEach, expect, it } from "vitest";
import winston from "winston";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { errorHandler } from "../http/errors.ts";
import { Problem } from "../http/problem.ts";
import { ApiServer } from "../server.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { boundRequests } from "./bound-requests.ts";
import { clientOf } from "./client-of.ts";
import { ClientPlaces } from "./client-places.ts";
import { ConnectionBounds } from "./connection-bounds.ts";
import { connectionBounds } from "./limits.ts";

/** Timeout, with room for a busy machine. */
const PATIENT = { timeout: 20_000 };
let store: StoreFixture;
let server: ApiServer;
let port: number;
const sockets: Socket[] = [];

beforeEach(() => {
  store = new StoreFixture();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop(0);
  store.remove();
});

async function serve(
  bounds?: ConnectionBounds,
  places = new ClientPlaces({ what: "requests", perClient: 9, inAll: 9 }),
) {
  const logger = winston.createLogger({ transports: [] });
  const app = express().use(boundRequests(places, clientOf(store.config)));
  app.get("/quick", (_req, res) => void res.end("quick")).get("/slow", (_req, res) => void res.flushHeaders());
  server = new ApiServer(app.use(errorHandler(logger)), undefined, bounds && { connections: bounds });
  port = await server.listen("127.0.0.1", 0);
}

/** A connection that sends nothing, like one whose headers come slowly. */
async function holdConnection(localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  sockets.push(socket.on("error", () => {}));
  await once(socket, "connect");
  return socket;
}

function ask(path: string, localAddress: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ port, path, localAddress, headers, agent: false }, (res) => resolve(res.on("error", () => {}).resume()))
      .on("error", reject)
      .on("socket", (socket) => sockets.push(socket));
  });
}

const status = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).statusCode;

it("connections that do nothing are bounded by client: it is told so, and others are answered", async () => {
  const places = new ClientPlaces({ what: "connections", perClient: 3, inAll: 5 });
  await serve(new ConnectionBounds({ places, client: ({ remoteAddress }) => remoteAddress }));
  const held = await Promise.all([1, 2, 3].map(() => holdConnection("127.0.0.2")));
  await expect.poll(() => places.taken, PATIENT).toBe(3);
  const refused = await ask("/quick", "127.0.0.2");
  expect([refused.statusCode, refused.headers["content-type"], refused.headers.connection]).toEqual([
    429,
    "application/problem+json",
    "close",
  ]);
  expect(await status("/quick", "127.0.0.3")).toBe(200);
  held[0]?.destroy();
  await expect.poll(() => status("/quick", "127.0.0.2"), PATIENT).toBe(200);
});

it.each([
  [60_000, 40 - 1 - 16],
  [50, 40 - 1],
])(
  "beyond that, further ones are closed without a word; those that say nothing for %i ms as well",
  async (refusedForMs, closed) => {
    const places = new ClientPlaces({ what: "connections", perClient: 1, inAll: 5 });
    await serve(new ConnectionBounds({ places, client: ({ remoteAddress }) => remoteAddress, refusedForMs }));
    const held = await Promise.all(Array.from({ length: 40 }, () => holdConnection("127.0.0.2")));
    for (const socket of held) socket.resume();
    await expect.poll(() => held.filter(({ destroyed }) => destroyed).length, PATIENT).toBe(closed);
    expect(await status("/quick", "127.0.0.3")).toBe(200);
  },
);

it.each([
  ["an upgrade that is refused", "GET /refused", "Upgrade: websocket"],
  ["one to HTTP/2", "GET /plain", "Upgrade: h2c"],
  ["a tunnel", "CONNECT localhost:1", "Proxy-Authorization: none"],
])(
  "the connection of %s takes no place any more, though the client sends on and closes nothing",
  async (_, line, header) => {
    const places = new ClientPlaces({ what: "connections", perClient: 3, inAll: 5 });
    const connections = new ConnectionBounds({ places, client: ({ remoteAddress }) => remoteAddress });
    const refusal = new Problem("unknown-host", 421, "not here");
    const admit = ({ url }: IncomingMessage) => (url === "/refused" ? refusal : undefined);
    server = new ApiServer((_request, response) => void response.end("plain"), undefined, { admit, connections });
    port = await server.listen("127.0.0.1", 0);
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(socket.on("error", () => {}));
    socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n${header}\r\n\r\nand more`);
    expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1\.1 (?:421|400) /);
    await expect.poll(() => places.taken, PATIENT).toBe(0);
  },
);

it("a trusted proxy has as many connections as it likes, and the clients behind it have their own requests", async () => {
  store.config.change({ api: { ...store.config.current.api, trustedProxies: ["127.0.0.2"] } });
  await serve(connectionBounds(store.config), new ClientPlaces({ what: "requests", perClient: 1, inAll: 9 }));
  const of = (client: string) => ({ "X-Forwarded-For": client });
  const slow = await ask("/slow", "127.0.0.2", of("192.0.2.1"));
  expect(await status("/quick", "127.0.0.2", of("192.0.2.1"))).toBe(429);
  expect(await status("/quick", "127.0.0.2", of("192.0.2.2"))).toBe(200);
  expect(await status("/quick", "127.0.0.3", of("192.0.2.1")), "who is no proxy names nobody").toBe(200);
  slow.destroy();
  await expect.poll(() => status("/quick", "127.0.0.2", of("192.0.2.1")), PATIENT).toBe(200);
});

it("the api bounds requests whatever they ask for, and its answer is as the OpenAPI document has it", async () => {
  const api = new ApiFixture(store);
  ({ server } = api);
  await api.start();
  port = api.port;
  const held: Promise<unknown>[] = [];
  const { catalog } = api.parts;
  let letGo = () => {};
  const free = new Promise<void>((resolve) => (letGo = resolve));
  let asked = 0;
  const cameras = catalog.cameras.bind(catalog);
  catalog.cameras = async () => {
    asked++;
    await free;
    return cameras();
  };
  for (let i = 0; i < 256; i++) held.push(ask("/api/1/days", "127.0.0.1").catch(() => {}));
  await expect.poll(() => asked, PATIENT).toBe(256);
  const refused = await api.get("/api/1/system.json");
  expect([refused.status, refused.json().type]).toEqual([429, "urn:hindsight:problem:too-many-requests"]);
  letGo();
  await Promise.all(held);
  await expect.poll(async () => (await api.get("/api/1/days")).status, PATIENT).toBe(200);
  await api.stop();
});
