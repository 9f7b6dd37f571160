import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GstreamerServer } from "../support/gstreamer.ts";
import { startSimulator } from "../support/simulator.ts";

/**
 * Regenerates tests/fuzz/sessions/*.bin: `npm run test:fuzz:record`. ffmpeg is the client, because it sets up every
 * track; a proxy between it and the server records what the server sends.
 */
const FOLDER = fileURLToPath(new URL("../fuzz/sessions/", import.meta.url));
const SESSION_BYTES = 24_000;
const TIMEOUT_MS = 30_000;
const LOGIN = { user: "admin", password: "secret" };

const clip = { width: 288, height: 64, fps: 10, seconds: 2, bitrateKbit: 60, gopFrames: 5 };
const cameras = [
  { id: "simulator-single-nal", clip },
  { id: "simulator-stap-a", clip, aggregate: true, accessUnitDelimiters: true },
  { id: "simulator-fu-a", clip, maxPacketBytes: 200, parameterSets: "in-band" },
  { id: "simulator-slices", clip: { ...clip, slices: 4 } },
  { id: "simulator-tracks", clip, tracks: ["audio", "video", "metadata"] },
  {
    id: "simulator-digest",
    clip: { ...clip, bFrames: 2, gopFrames: 6 },
    parameterSets: "sdp",
    auth: { ...LOGIN, schemes: ["digest-sha256", "digest-md5"] },
    quirks: { headerCase: "lower", trailingSpaces: true },
  },
];

/** The first SESSION_BYTES bytes that a server sends to ffmpeg. */
async function record(url: string): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const pieces: Buffer[] = [];
  let size = 0;
  let done = (_error?: Error): void => {};
  const isEnough = new Promise<void>((resolve, reject) => {
    done = (error) => (error === undefined ? resolve() : reject(error));
  });
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const socket of [client, server]) socket.on("error", () => socket.destroy());
    client.pipe(server).pipe(client);
    server.on("data", (bytes) => {
      pieces.push(bytes);
      size += bytes.length;
      if (size >= SESSION_BYTES) done();
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const proxied = url.replace(`:${port}/`, `:${(proxy.address() as AddressInfo).port}/`);
  const input = ["-v", "error", "-rtsp_transport", "tcp", "-i", proxied];
  const client = spawn("ffmpeg", [...input, "-map", "0:v", "-c", "copy", "-f", "null", "-"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(client, "exit").then(() => done(new Error(`${url}: ffmpeg ended after ${size} bytes`)));
  const timer = setTimeout(() => done(new Error(`${url}: only ${size} bytes came`)), TIMEOUT_MS);
  try {
    await isEnough;
  } finally {
    clearTimeout(timer);
    client.kill("SIGKILL");
    await exited;
    proxy.close();
  }
  return Buffer.concat(pieces).subarray(0, SESSION_BYTES);
}

async function keep(name: string, url: string): Promise<void> {
  const bytes = await record(url);
  await writeFile(join(FOLDER, `${name}.bin`), bytes);
  console.log(`${name}: ${bytes.length} bytes`);
}

await mkdir(FOLDER, { recursive: true });
const simulator = await startSimulator({
  cameras: cameras.map((camera) => ({ senderReportMs: 500, ...camera })),
});
try {
  for (const { id } of cameras) await keep(id, simulator.url(id, id === "simulator-digest" ? LOGIN : undefined));
} finally {
  await simulator.remove();
}
const folder = await mkdtemp(join(tmpdir(), "hindsight-record-"));
try {
  const size = ["--width", "160", "--height", "96", "--fps", "10", "--gop", "5", "--bitrate", "60"];
  for (const [name, ...args] of [
    ["gstreamer-fu-a", "--mtu", "300"],
    ["gstreamer-stap-a", "--aggregate", "max-stap", "--b-frames", "2"],
  ] as const) {
    const server = await GstreamerServer.start(folder, ...size, ...args);
    try {
      await keep(name, server.url);
    } finally {
      await server.stop();
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
