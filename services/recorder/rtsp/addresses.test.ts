import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { CameraConfig } from "../../../shared/config/config.ts";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { probeCamera } from "../camera/probe.ts";
import { Heard, serve } from "../testing/odd-camera.ts";
import { goodAnswer, ScriptedServer, until } from "../testing/scripted-server.ts";
import { finding, Unreachable } from "../testing/unreachable.ts";
import { BatchedSockets } from "./batched-socket.ts";
import { attemptTimeoutMs } from "./destination.ts";
import { RtspMemory } from "./rtsp-memory.ts";
import { RtspSession, type RtspSessionOptions } from "./session.ts";

const NODES_OWN_LIMIT_MS = 250;

let folder: string;
let tls: { certFile: string; keyFile: string };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hindsight-addresses-"));
  tls = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  const files = ["-keyout", tls.keyFile, "-out", tls.certFile];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=camera", ...files], {
    stdio: "ignore",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

function sessionTo(url: string, addresses: string[], options: RtspSessionOptions): RtspSession {
  const session = new RtspSession(new BatchedSockets(20, finding(...addresses)), url, new Heard(), options);
  onTestFinished(() => session.close());
  return session;
}

const named = (port: number, scheme = "rtsp") => `${scheme}://camera.example:${port}/live`;

describe("a name of several addresses", () => {
  test.each([false, true])("is reached at a slow one though another leads nowhere (TLS: %s)", async (isSecure) => {
    const slow = await Unreachable.start("127.0.0.2", 0, isSecure ? tls : undefined);
    await Unreachable.start("127.0.0.3", slow.port);
    const sockets = new BatchedSockets(20, finding("127.0.0.2", "127.0.0.3"));
    let heard = "";
    const handler = {
      data: (bytes: Buffer, length: number) => {
        heard += bytes.toString("latin1", 0, length);
      },
      batchEnd: () => {},
      closed: () => {},
    };
    const destination = { host: "camera.example", port: slow.port, attemptTimeoutMs: attemptTimeoutMs(30_000) };
    const socket = sockets.connect(destination, handler, isSecure ? { verify: false } : undefined);
    onTestFinished(() => socket.destroy());
    await sleep(NODES_OWN_LIMIT_MS * 1.2); // after which Node would give it up
    slow.answer();
    await until(() => heard === "hello"); // the kernel sends SYN again after a second
  });

  test.each([false, true])("is reached at the last one when the first leads nowhere (TLS: %s)", async (isSecure) => {
    const server = isSecure
      ? await ScriptedServer.start(goodAnswer, { key: readFileSync(tls.keyFile), cert: readFileSync(tls.certFile) })
      : await serve(() => "well");
    if (isSecure) onTestFinished(() => server.stop());
    await Unreachable.start("127.0.0.2", server.port);
    const memory = new RtspMemory();
    const options = { memory, connectTimeoutMs: 1000, tls: { verify: false } };
    const url = named(server.port, isSecure ? "rtsps" : "rtsp");
    await sessionTo(url, ["127.0.0.2", "127.0.0.1"], options).open();
    expect(memory.address).toBe("127.0.0.1");
    // The next session begins with that address: it would otherwise spend an hour on the other one.
    await sessionTo(url, ["127.0.0.2", "127.0.0.1"], { ...options, connectTimeoutMs: 4 * 3_600_000 }).open();
    expect(server.methods.filter((method) => method === "PLAY")).toHaveLength(2);
  });

  test("that leads nowhere is told with all that was tried", async () => {
    const { port } = await Unreachable.start("127.0.0.2", 0);
    await Unreachable.start("127.0.0.3", port);
    const text = JSON.stringify({ cameras: { yard: { url: named(port) } } });
    const camera = parseConfig(text, "test", { env: {}, cwd: "/" }).cameras.get("yard") as CameraConfig;
    const sockets = new BatchedSockets(20, finding("127.0.0.2", "127.0.0.3"));
    await expect(probeCamera(camera, { sockets, limitMs: 600 })).rejects.toMatchObject({
      name: "CameraAwayError",
      message: `no connection within 1 s (tried 127.0.0.2:${port}, 127.0.0.3:${port})`,
    });
    const byAddress = { ...camera, url: `rtsp://127.0.0.3:${port}/live` };
    await expect(probeCamera(byAddress, { sockets, limitMs: 50 })).rejects.toThrow(`(tried 127.0.0.3:${port})`);
  });

  test("that fails in several ways is told with each", async () => {
    const { port } = await Unreachable.start("127.0.0.2", 0);
    const session = sessionTo(named(port), ["127.0.0.2", "127.0.0.4"], { connectTimeoutMs: 1000 });
    await expect(session.open()).rejects.toThrow(`(127.0.0.2:${port}, 127.0.0.4:${port} econnrefused)`);
  });

  test("that is not looked up in time is told as such", async () => {
    const text = JSON.stringify({ cameras: { yard: { url: named(554) } } });
    const camera = parseConfig(text, "test", { env: {}, cwd: "/" }).cameras.get("yard") as CameraConfig;
    const sockets = new BatchedSockets(20, () => {});
    await expect(probeCamera(camera, { sockets, limitMs: 50 })).rejects.toThrow(/its name was not looked up/);
  });
});

test.each(["%lo", "%25lo"])("an IPv6 address with the zone %s is reached, and asked for without it", async (zone) => {
  const seen: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      seen.push(String(bytes).split("\r\n", 1)[0] ?? "");
      socket.end("RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n");
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
  const { port } = server.address() as { port: number };
  await expect(sessionTo(`rtsp://[::1${zone}]:${port}/live`, [], {}).open()).rejects.toThrow();
  expect(seen[0]).toBe(`OPTIONS rtsp://[::1]:${port}/live RTSP/1.0`);
});
