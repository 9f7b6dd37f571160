import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import winston from "winston";
import { HostGuard } from "./host-guard.ts";

let server: Server;
const logged: string[] = [];

afterEach(() => {
  server.close();
  logged.length = 0;
});

/** A server that answers with the status of the guard's refusal, or with 200. */
async function listen(listensAt: string, hosts: readonly string[] = []): Promise<void> {
  const logger = winston.createLogger({ transports: [] });
  logger.warn = ((text: string) => logged.push(text)) as never;
  const guard = new HostGuard({ listensAt, hosts: () => hosts, setting: "api.hosts (NVR_API_HOSTS)", logger });
  server = createServer({ requireHostHeader: false }, (request: IncomingMessage, response) => {
    response.writeHead(guard.refusal(request)?.status ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, listensAt, resolve));
}

/** Sends a request exactly as given, and returns the status of the answer. */
function ask(request: string, address = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect((server.address() as AddressInfo).port, address, () => socket.write(request));
    socket.once("data", (data) => {
      resolve(Number(data.toString().slice(9, 12)));
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without an answer")));
  });
}

const named = (host: string, address?: string) => ask(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`, address);
/** Addresses of this machine in its networks, if it is in any. */
const own = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .flatMap(({ family, internal, address }) => (family === "IPv4" && !internal ? [address] : []));

test("loopback names and addresses are served, at any port", async () => {
  await listen("127.0.0.1");
  const ours = [
    "localhost",
    "LOCALHOST:8080",
    "localhost.",
    "nvr.localhost:1",
    "127.0.0.1",
    "127.0.0.1:",
    "127.9.9.9",
    "[::1]:80",
  ];
  for (const host of [...ours, "[::ffff:127.0.0.1]"]) expect(await named(host), host).toBe(200);
});

test("any other name is refused, however it is written", async () => {
  await listen("127.0.0.1");
  const others = [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "evillocalhost",
    "127.0.0.1.evil.example",
  ];
  for (const host of [...others, "192.0.2.1", "0.0.0.0", "[::]", "[2001:db8::1]", "nvr"]) {
    expect(await named(host), host).toBe(421);
  }
  const malformed = [
    "",
    " ",
    "localhost,evil.example",
    "localhost evil.example",
    "evil@localhost",
    "localhost/",
    "localhost:x",
  ];
  for (const host of [...malformed, "[::1", "localhost:99999", "%6cocalhost"])
    expect(await named(host), host).toBe(400);
});

test("two hosts, none, and a target that names another are refused", async () => {
  await listen("127.0.0.1");
  expect(await ask("GET /x HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n")).toBe(400);
  expect(await ask("GET /x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")).toBe(400);
  expect(await ask("GET /x HTTP/1.1\r\n\r\n")).toBe(400);
  expect(await ask("GET /x HTTP/1.0\r\n\r\n")).toBe(200); // HTTP/1.0 is not spoken by browsers, but by probes
  expect(await ask("GET /x HTTP/1.0\r\nHost: evil.example\r\n\r\n")).toBe(421);
  for (const target of ["http://evil.example/x", "HTTPS://evil.example:1", "http://localhost@evil.example/x"]) {
    expect(await ask(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`), target).toBeGreaterThanOrEqual(400);
    expect(await ask(`GET ${target} HTTP/1.0\r\n\r\n`), target).toBeGreaterThanOrEqual(400);
  }
  expect(await ask("GET http://localhost/x HTTP/1.1\r\nHost: evil.example\r\n\r\n")).toBe(421);
  expect(await ask("GET http://localhost:8080/x HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")).toBe(200);
});

test("names that are set are served, with and without their port", async () => {
  await listen("127.0.0.1", ["NVR.example:8443", "küche.example", "192.0.2.10", "2001:db8::1"]);
  const ours = ["nvr.example", "nvr.example:8080", "xn--kche-0ra.example", "192.0.2.10:8080", "[2001:DB8:0::1]:8080"];
  for (const host of ours) expect(await named(host), host).toBe(200);
  expect(await named("evil.example")).toBe(421);
});

test("the address that was connected to is served, and at 0.0.0.0 every one of this machine", async () => {
  await listen("0.0.0.0");
  for (const address of own) {
    expect(await named(`${address}:8080`, address)).toBe(200);
    expect(await named(`${address}:8080`)).toBe(200);
    expect(await named("evil.example", address)).toBe(421);
  }
  for (const host of ["192.0.2.1", "0.0.0.0", "evil.example"]) expect(await named(host), host).toBe(421);
});

test("names and addresses that it listens at are served in any spelling", () => {
  const logger = winston.createLogger({ silent: true });
  const isServed = (listensAt: string, localAddress: string, host: string) => {
    const guard = new HostGuard({ listensAt, hosts: () => [], setting: "", logger });
    const request = {
      rawHeaders: ["Host", host],
      headers: { host },
      httpVersion: "1.1",
      url: "/",
      socket: { localAddress },
    };
    return guard.refusal(request as never) === undefined;
  };
  for (const [listensAt, localAddress, host] of [
    ["0.0.0.0", "192.0.2.7", "192.0.2.7:8080"],
    ["::", "::ffff:192.0.2.7", "192.0.2.7"],
    ["::", "2001:db8::7", "[2001:DB8:0::7]:8080"],
    ["fe80::7%eth0", "fe80::7", "[fe80::7]"],
    ["NVR.lan.", "192.0.2.7", "nvr.lan:8080"],
    ...own.map((address) => ["::0", "127.0.0.1", address] as const),
  ] as const) {
    expect(isServed(listensAt, localAddress, host), `${host} at ${listensAt}`).toBe(true);
    expect(isServed(listensAt, localAddress, "192.0.2.8")).toBe(false);
  }
});

test("an address of this machine at which nobody listens is not", async () => {
  await listen("127.0.0.1");
  for (const address of own) expect(await named(address)).toBe(421);
});

test("what was refused is told with what to set: once for each name, and not without end", async () => {
  await listen("127.0.0.1");
  for (let i = 0; i < 30; i++) await named(`host${i % 15}.example`);
  expect(logged).toHaveLength(10);
  expect(logged[0]).toMatch(/"host0\.example" was refused: .*api\.hosts \(NVR_API_HOSTS\)/);
  expect(logged[9]).toContain("Further ones are not told");
});

test("whatever the Host, it is served only when a browser would reach this machine by it", () => {
  const logger = winston.createLogger({ silent: true });
  const guard = new HostGuard({ listensAt: "127.0.0.1", hosts: () => [], setting: "", logger });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), (host) => {
      const socket = { localAddress: "127.0.0.1" };
      const request = { rawHeaders: ["Host", host], headers: { host }, httpVersion: "1.1", url: "/", socket };
      if (guard.refusal(request as never) !== undefined) return;
      expect(new URL(`http://${host}/`).hostname).toMatch(/^(127\.[\d.]+|\[::1\]|(.*\.)?localhost\.?)$/);
    }),
  );
});
