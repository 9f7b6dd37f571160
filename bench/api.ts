// The cost of the api's lists and pictures: npm run bench:api [cameras = 16] [days = 30]. The tables go into
// docs/performance.md.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import sharp from "sharp";
import { minutePath } from "../shared/store/names.ts";
import { dayOf, minuteAt } from "../shared/time/minute.ts";
import { startRedis } from "../tests/support/redis.ts";
import { makeLargeStore } from "./support/large-store.ts";
import { startNginx } from "./support/nginx.ts";
import { readUsage } from "./support/process-usage.ts";
import { MinuteVideo, writeMinutes } from "./support/video-store.ts";

const CAMERAS = Number(process.argv[2] ?? 16);
const DAYS = Number(process.argv[3] ?? 30);
const ASKED_CAMERAS = 32;
const ROUNDS = 3;
const REQUESTS = 200;
const LOAD_SECONDS = 8;
const CONNECTIONS = 32;
/** Number of cameras whose thumbnails of one day are real pictures; all other files are empty. */
const PICTURED = 4;
const [API_PORT, NGINX_PORT] = [18_093, 18_095];
const API = `http://127.0.0.1:${API_PORT}`;
const print = (line: string) => process.stdout.write(`${line}\n`);
const nowMs = Date.now();
const yesterday = dayOf(minuteAt((nowMs - 86_400_000) * 1000));
const root = await mkdtemp(join(tmpdir(), "hindsight-bench-api-"));
const children: ChildProcess[] = [];
const redis = await startRedis();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

try {
  await bench();
} finally {
  agent.destroy();
  for (const child of children) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await redis.stop();
  await rm(root, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  const directories = new Map([
    ...makeLargeStore(root, CAMERAS, DAYS, nowMs),
    ...makeLargeStore(root, ASKED_CAMERAS - CAMERAS, 1, nowMs, CAMERAS + 1),
  ]);
  const thumbnails = await writeThumbnails([...directories].slice(0, PICTURED));
  const startUs = Math.floor((nowMs - 86_400_000) / 86_400_000) * 86_400_000_000;
  await writeMinutes(root, "real", await MinuteVideo.make(), startUs, 1440, true);
  const api = await startApi([...directories.keys(), "real"]);
  const nginx = await startNginx(root, NGINX_PORT, "on");
  children.push(nginx);
  print(`${CAMERAS} cameras, ${DAYS} days, ${CAMERAS * DAYS * 4320} files; load ${loadavg()[0]?.toFixed(1)}\n`);
  await lists(api.pid as number, [...directories.keys()]);
  await sheets();
  await pictures(api.pid as number, nginx.pid as number, thumbnails);
  print(`\nload at the end ${loadavg()[0]?.toFixed(1)}`);
}

/** Starts the api from dist/, on one core. */
async function startApi(cameras: readonly string[]): Promise<ChildProcess> {
  const path = join(root, "nvr.json");
  const configured = cameras.map((id) => [id, { url: "rtsp://192.0.2.1/", enabled: false }]);
  const config = {
    storage: { root },
    cameras: Object.fromEntries(configured),
    redis: { url: redis.url },
    api: { port: API_PORT },
  };
  await writeFile(path, JSON.stringify(config));
  const script = fileURLToPath(new URL("../dist/services/api/main.js", import.meta.url));
  const child = spawn("taskset", ["-c", "0", process.execPath, script], {
    env: { ...process.env, NVR_CONFIG: path, NVR_LOG_LEVEL: "warn" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(`${API}/api/1/cameras.json`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return child;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error("the api does not answer");
}

/** Writes pictures of 320 × 180 pixels and about 8 kB, like those of a real scene. Returns their paths in the store. */
async function writeThumbnails(cameras: readonly [string, string][]): Promise<{ camera: string; minute: string }[]> {
  const noise = { type: "gaussian", mean: 120, sigma: 14 } as const;
  const create = { width: 320, height: 180, channels: 3, background: "black", noise } as const;
  const jpeg = await sharp({ create }).blur(1).jpeg({ quality: 80 }).toBuffer();
  print(`thumbnails of ${jpeg.length} bytes`);
  const written: { camera: string; minute: string }[] = [];
  for (const [camera, directory] of cameras) {
    for (let i = 0; i < 1440; i++) {
      const minute = `${yesterday}.${String(Math.floor(i / 60)).padStart(2, "0")}${String(i % 60).padStart(2, "0")}`;
      const path = minutePath(directory, camera, minute, "thumbnail");
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, jpeg);
      written.push({ camera, minute });
    }
  }
  return written;
}

async function lists(pid: number, cameras: readonly string[]): Promise<void> {
  const year = `from=${yesterday.slice(0, 4)}0101&to=${yesterday}`;
  print(
    "| answer, ms | kB | first | p50 | p99 | CPU ms each | to reach (p50) |\n| --- | --- | --- | --- | --- | --- | --- |",
  );
  for (const [what, path, limit, encoding] of [
    ["a day of 32 cameras", `/api/1/cameras/${yesterday}?camera_ids=${cameras}`, "20", "identity"],
    ["the same, gzip", `/api/1/cameras/${yesterday}?camera_ids=${cameras}`, "20", "gzip"],
    ["days of all cameras", `/api/1/days?${year}`, "", "identity"],
    ["minutes of a day", `/api/1/camera/cam-1/minutes?day=${yesterday}`, "", "identity"],
    ["minutes of a day with details", `/api/1/camera/real/minutes?day=${yesterday}&details`, "", "identity"],
    ["spans of a day", `/api/1/camera/real/spans?day=${yesterday}`, "", "identity"],
  ] as const) {
    const first = await timed(path, encoding);
    for (let i = 0; i < 50; i++) await timed(path, encoding);
    const before = readUsage(pid).cpuSeconds;
    const times: number[] = [];
    for (let i = 0; i < REQUESTS; i++) times.push((await timed(path, encoding)).ms);
    const cpuMs = ((readUsage(pid).cpuSeconds - before) * 1000) / REQUESTS;
    times.sort((a, b) => a - b);
    const figures = [first.bytes / 1000, first.ms, at(times, 0.5), at(times, 0.99), cpuMs];
    print(`| ${[what, ...figures.map((figure) => figure.toFixed(1)), limit].join(" | ")} |`);
  }
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)] as number;
}

async function timed(path: string, encoding: string): Promise<{ ms: number; bytes: number }> {
  const start = performance.now();
  const headers = { "Accept-Encoding": encoding };
  const [res] = (await once(get(API + path, { agent, headers }), "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const piece of res) bytes += (piece as Buffer).length;
  if (res.statusCode !== 200) throw new Error(`${path} is answered ${res.statusCode}`);
  return { ms: performance.now() - start, bytes };
}

async function sheets(): Promise<void> {
  const made: number[] = [];
  const again: number[] = [];
  let bytes = 0;
  for (let hour = 0; hour < 24; hour++) {
    const path = `/api/1/camera/cam-1.sprites.${yesterday}.${String(hour).padStart(2, "0")}.jpg`;
    const first = await timed(path, "identity");
    made.push(first.ms);
    again.push((await timed(path, "identity")).ms);
    bytes = first.bytes;
  }
  const median = (times: number[]) =>
    at(
      times.sort((a, b) => a - b),
      0.5,
    ).toFixed(1);
  print(
    `\na sprite sheet of 60 thumbnails: ${(bytes / 1000).toFixed(0)} kB, made in ${median(made)} ms, then ${median(again)} ms`,
  );
}

async function pictures(apiPid: number, nginxPid: number, files: { camera: string; minute: string }[]): Promise<void> {
  const contenders = [
    {
      name: "api",
      url: API,
      pid: apiPid,
      paths: files.map(({ camera, minute }) => `/api/1/camera/${camera}.thumbnail.${minute}.jpg`),
    },
    {
      name: "nginx, the same files, sendfile on",
      url: `http://127.0.0.1:${NGINX_PORT}`,
      pid: nginxPid,
      paths: files.map(({ camera, minute }) => `/${camera}/${yesterday}/${camera}.${minute}.thumbnail.jpg`),
    },
  ].map((contender) => ({ ...contender, rates: [] as number[], cpu: [] as number[], p99: [] as number[] }));
  for (const { url, paths } of contenders) await load(url, paths, 2);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { url, paths, pid, rates, cpu, p99 } of contenders) {
      const before = readUsage(pid).cpuSeconds;
      const result = await load(url, paths, LOAD_SECONDS);
      rates.push(result.requests.average);
      cpu.push(((readUsage(pid).cpuSeconds - before) * 1e6) / result.requests.total);
      p99.push(result.latency.p99);
    }
  }
  const median = (values: number[]) =>
    at(
      values.sort((a, b) => a - b),
      0.5,
    );
  const nginxRate = median(contenders[1]?.rates ?? []);
  print(
    `\n${CONNECTIONS} connections, kept alive; the server on one core, the load beside it. ${ROUNDS} rounds, medians.\n`,
  );
  print(
    "| thumbnails | a second | to nginx | CPU µs each | p99, ms | to reach |\n| --- | --- | --- | --- | --- | --- |",
  );
  for (const { name, rates, cpu, p99 } of contenders) {
    const rate = median(rates);
    const figures = [rate.toFixed(0), (rate / nginxRate).toFixed(2), median(cpu).toFixed(0), median(p99).toFixed(0)];
    print(`| ${[name, ...figures, name === "api" ? "2000" : ""].join(" | ")} |`);
  }
}

async function load(url: string, paths: readonly string[], seconds: number): Promise<autocannon.Result> {
  const requests = paths.map((path) => ({ path }));
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds, requests });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: ${result.non2xx} bad answers`);
  return result;
}
