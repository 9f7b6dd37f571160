import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { answer, goodAnswer, ScriptedServer, until } from "../testing/scripted-server.ts";
import { BatchedSockets } from "./batched-socket.ts";
import { RtspSession } from "./session.ts";
import type { TlsOptions } from "./tls-trust.ts";

let folder: string;
let fingerprint: string;
let server: ScriptedServer;
let session: RtspSession | undefined;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hindsight-tls-"));
  for (const [name, subject] of [
    ["camera", "IP:127.0.0.1"],
    ["other", "DNS:other.example"],
  ]) {
    const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${subject}`];
    const files = ["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`)];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, ...files], {
      stdio: "ignore",
    });
  }
  const printed = execFileSync("openssl", ["x509", "-in", file("camera.pem"), "-noout", "-fingerprint", "-sha256"]);
  fingerprint = printed.toString().split("=")[1]?.trim() as string;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  server = await ScriptedServer.start(goodAnswer, {
    key: readFileSync(file("camera.key")),
    cert: readFileSync(file("camera.pem")),
  });
});
afterEach(async () => {
  session?.close();
  await server.stop();
});

async function open(tls?: TlsOptions, url = server.url): Promise<void> {
  const nothing = () => {};
  const handler = {
    described: nothing,
    rtp: nothing,
    rtcp: nothing,
    batchEnd: nothing,
    heard: nothing,
    closed: nothing,
  };
  session = new RtspSession(new BatchedSockets(250), url, handler, tls === undefined ? {} : { tls });
  await session.open();
}

const withUser = () => server.url.replace("//", "//admin:hunter2@");

test("a self-signed certificate is refused with its fingerprint and what to do, and is sent nothing at all", async () => {
  const error = await open(undefined, withUser()).catch((e: unknown) => e);
  expect(error).toMatchObject({
    name: "CameraRefusedError",
    message: expect.stringContaining(fingerprint),
    advice: expect.stringMatching(/tls\.fingerprint.*tls\.ca/),
  });
  expect(String((error as Error).stack)).not.toContain("hunter2");
  await until(() => server.sockets.size === 0);
  expect(server.requests).toEqual([]);
});

test.each([
  ["with colons", () => fingerprint],
  ["without", () => fingerprint.replaceAll(":", "").toLowerCase()],
])("the camera whose fingerprint is configured, %s, is played", async (_, written) => {
  await open({ verify: true, fingerprint: written() });
  expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
  expect(server.requests[0]?.url).toMatch(/^rtsps:/);
});

test("another fingerprint is refused, even where nothing is verified, and is sent nothing", async () => {
  for (const verify of [true, false]) {
    await expect(open({ verify, fingerprint: "0".repeat(64) })).rejects.toMatchObject({
      name: "CameraRefusedError",
      message: expect.stringContaining(fingerprint),
    });
  }
  expect(server.requests).toEqual([]);
});

test("an authority's file is what counts where it is given; one that cannot be read is told", async () => {
  await open({ verify: true, ca: file("camera.pem") });
  expect(server.methods.at(-1)).toBe("PLAY");
  session?.close();
  await expect(open({ verify: true, ca: file("other.pem") })).rejects.toThrow(/not trusted/);
  await expect(open({ verify: true, ca: file("missing.pem") })).rejects.toThrow(/missing\.pem.*ENOENT/);
});

test("a trusted certificate of another host is refused", async () => {
  await server.stop();
  server = await ScriptedServer.start(goodAnswer, {
    key: readFileSync(file("other.key")),
    cert: readFileSync(file("other.pem")),
  });
  await expect(open({ verify: true, ca: file("other.pem") })).rejects.toThrow(/made out to another host/);
  await open({ verify: false });
  expect(server.methods.at(-1)).toBe("PLAY");
});

test("a redirect out of TLS is not followed: it would show the password", async () => {
  await server.stop();
  const tls = { key: readFileSync(file("camera.key")), cert: readFileSync(file("camera.pem")) };
  server = await ScriptedServer.start(() => answer("302 Moved", { Location: "rtsp://127.0.0.1:9/x" }), tls);
  await expect(open({ verify: false }, withUser())).rejects.toThrow(/from rtsps:\/\/ to rtsp:\/\//);
});

test("a port that speaks RTSP without TLS is told", async () => {
  const plain = createPlainServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("RTSP/1.0 400 Bad Request\r\n\r\n"));
  }).listen(0, "127.0.0.1");
  await once(plain, "listening");
  const { port } = plain.address() as AddressInfo;
  await expect(open({ verify: false }, `rtsps://127.0.0.1:${port}/a`)).rejects.toMatchObject({
    name: "CameraAwayError",
    message: expect.stringMatching(/no TLS connection/),
    advice: expect.stringMatching(/port for rtsps/),
  });
  plain.close();
});

test("TLS is read in batches and loses no byte", async () => {
  const options = { key: readFileSync(file("camera.key")), cert: readFileSync(file("camera.pem")) };
  let sent = 0;
  const timers: NodeJS.Timeout[] = [];
  const steady: Server = createServer(options, (socket: TLSSocket) => {
    socket.on("error", () => {});
    const send = () => {
      socket.write(Buffer.alloc(3000, sent & 0xff));
      sent += 3000;
    };
    timers.push(setInterval(send, 10));
  }).listen(0, "127.0.0.1");
  await once(steady, "listening");
  let batches = 0;
  let bytes = 0;
  const handler = {
    data: (_: Buffer, length: number) => {
      bytes += length;
    },
    batchEnd: () => {
      batches++;
    },
    closed: () => {},
  };
  const { port } = steady.address() as AddressInfo;
  const socket = new BatchedSockets(250).connect({ host: "127.0.0.1", port }, handler, { verify: false });
  await until(() => bytes > 0);
  socket.readInBatches();
  await sleep(1500);
  const before = { batches, sent };
  await until(() => sent - before.sent > 300_000); // 100 writes
  expect(batches - before.batches).toBeLessThan(40);
  for (const timer of timers) clearInterval(timer);
  await until(() => bytes === sent);
  socket.destroy();
  steady.close();
});
