import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { probeCamera } from "../../services/recorder/camera/probe.ts";
import { BatchedSockets } from "../../services/recorder/rtsp/batched-socket.ts";
import type { CameraConfig } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config/load-config.ts";
import { GstreamerServer } from "../support/gstreamer.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 500, gopFrames: 25, seconds: 10 };
const LIMIT_MS = 30_000;

let folder: string;
let simulator: RunningSimulator;
let gstreamer: GstreamerServer;
let fingerprint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-rtsps-"));
  const [keyFile, certFile, both] = ["key.pem", "cert.pem", "both.pem"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ["-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, "-keyout", keyFile, "-out", certFile],
    { stdio: "ignore" },
  );
  await writeFile(both, (await readFile(certFile, "utf8")) + (await readFile(keyFile, "utf8")));
  const printed = execFileSync("openssl", ["x509", "-in", certFile, "-noout", "-fingerprint", "-sha256"]).toString();
  fingerprint = printed.split("=")[1]?.trim() as string;
  const auth = { user: "viewer", password: "s3cret", schemes: ["digest-sha256"] };
  simulator = await startSimulator({
    tls: { port: 0, keyFile, certFile },
    cameras: [{ id: "yard", clip: CLIP, auth }],
  });
  gstreamer = await GstreamerServer.start(folder, "--tls", both, "--gop", "25");
});
afterAll(async () => {
  await gstreamer?.stop();
  await simulator?.remove();
  await rm(folder, { recursive: true, force: true });
});

function camera(url: string, tls: object): CameraConfig {
  const text = JSON.stringify({ cameras: { yard: { url, tls } } });
  return parseConfig(text, "nvr.json", { env: {}, cwd: folder }).cameras.get("yard") as CameraConfig;
}

test.each([
  ["the simulator", () => `rtsps://viewer:s3cret@127.0.0.1:${simulator.tlsPort}/yard`],
  ["GStreamer's server", () => gstreamer.url],
])(
  "%s is played by TLS when its certificate is known, and refused with the fingerprint when it is not",
  async (_, url) => {
    const sockets = new BatchedSockets(250);
    for (const tls of [{ fingerprint }, { ca: "cert.pem" }, { verify: false }]) {
      const seen = await probeCamera(camera(url(), tls), { sockets, limitMs: LIMIT_MS });
      expect(seen.picture).toMatchObject({ width: 640, height: 360 });
    }
    await expect(probeCamera(camera(url(), {}), { sockets, limitMs: LIMIT_MS })).rejects.toMatchObject({
      name: "CameraRefusedError",
      message: expect.stringContaining(fingerprint),
    });
  },
);
