// The cost of a range: npm run bench:range; `npm run bench:range -- seeks` measures first bytes and seeks only. The
// tables go into docs/performance.md.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { startNginx } from "./support/nginx.ts";
import { readUsage } from "./support/process-usage.ts";
import { MinuteVideo, writeMinutes } from "./support/video-store.ts";

const ROUNDS = 5;
const START_US = Date.UTC(2025, 10, 24) * 1000;
const NGINX = "one process, tcp_nopush on, access_log off, worker_connections 64";
/** By whether nginx hands files to the kernel (`sendfile`), which Node.js cannot do. */
const NGINX_PORTS = { on: 18_089, off: 18_090 } as const;
const print = (line: string) => process.stdout.write(`${line}\n`);
const root = await mkdtemp(join(tmpdir(), "hindsight-bench-range-"));
const iso = (timeUs: number) => new Date(timeUs / 1000).toISOString();
const rangePath = (camera: string, minutes: number) =>
  `/api/1/camera/${camera}/range.mp4?start=${iso(START_US)}&end=${iso(START_US + minutes * 60_000_000)}`;
const [TEN_MINUTES, HOUR, DAY] = [rangePath("hour", 10), rangePath("hour", 60), rangePath("day", 1440)];
/** Number of seeks in a round, each to a different place. */
const SEEKS = 20;
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;

try {
  await bench();
} finally {
  await rm(root, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  const video = await MinuteVideo.make();
  const paths = await writeMinutes(root, "hour", video, START_US, 61, false);
  await writeMinutes(root, "day", video, START_US, 1441, true);
  print(`load ${loadavg()[0]?.toFixed(1)}; ${ROUNDS} rounds, medians\n`);
  await firstBytes();
  await makeHourFile();
  await seeks();
  if (process.argv[2] !== "seeks") {
    await throughput(paths.slice(0, 60));
    await memory();
  }
  print(`\nload at the end ${loadavg()[0]?.toFixed(1)}`);
}

interface Server {
  child: ChildProcess;
  pid: number;
  url: string;
}

async function startServer(isRehearsed = true): Promise<Server> {
  const script = fileURLToPath(new URL("support/range-server.mjs", import.meta.url));
  const parameters = [script, root, ...(isRehearsed ? ["rehearsed"] : [])];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout as NonNullable<typeof child.stdout>, "data")) as [Buffer];
  return { child, pid: child.pid as number, url: `http://127.0.0.1:${port.toString().trim()}` };
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function firstBytes(): Promise<void> {
  print(
    "| first byte, ms | cold process | without its rehearsal | second request | to reach | event loop held, at most |",
  );
  print("| --- | --- | --- | --- | --- | --- |");
  for (const [what, path, limit] of [
    ["ten minutes (15,000 samples)", TEN_MINUTES, 5],
    ["hour", HOUR, 30],
    ["24 hours", DAY, 300],
  ] as const) {
    const cold: number[] = [];
    const unrehearsed: number[] = [];
    const warm: number[] = [];
    const held: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const raw = await startServer(false);
      unrehearsed.push(await firstByteMs(raw.url + path));
      await stop(raw.child);
      const server = await startServer();
      cold.push(await firstByteMs(server.url + path));
      warm.push(await firstByteMs(server.url + path));
      held.push(await longestDelayMs(server.url));
      await stop(server.child);
    }
    const [first, alone, second, most] = [cold, unrehearsed, warm, held].map((each) => median(each).toFixed(1));
    print(`| ${what} | ${first} | ${alone} | ${second} | ${limit} | ${most} |`);
  }
}

/** Compares each seek with one of the same length in a file that nginx sends; contenders take turns. */
async function seeks(): Promise<void> {
  const nginx = await startNginx(root, NGINX_PORTS.off, "off");
  const file = `http://127.0.0.1:${NGINX_PORTS.off}/hour.mp4`;
  print(
    "\n| first byte of a seek, ms | the first request | those after it | nginx, a file | after it, to nginx | p90 |",
  );
  print("| --- | --- | --- | --- | --- | --- |");
  const fileBytes = (await stat(join(root, "hour.mp4"))).size;
  for (const [what, path] of [
    ["ten minutes", TEN_MINUTES],
    ["hour", HOUR],
    ["24 hours", DAY],
  ] as const) {
    const [first, later, peer]: number[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startServer();
      const url = server.url + path;
      first?.push(await firstByteMs(url, 100_000_000));
      const bytes = Number((await answer(url)).destroy().headers["content-length"]);
      for (let seek = 0; seek < SEEKS; seek++) {
        const share = ((seek * 7 + round) % SEEKS) / SEEKS;
        later?.push(await firstByteMs(url, Math.floor(bytes * (0.05 + share * 0.9))));
        peer?.push(await firstByteMs(file, Math.floor(fileBytes * (0.05 + share * 0.9))));
      }
      await stop(server.child);
    }
    const [one, two, three] = [first, later, peer].map((each) => median(each as number[])) as [number, number, number];
    const p90 = later?.[Math.floor(later.length * 0.9)] as number; // the median has sorted them
    print(`| ${[what, ...[one, two, three, two / three, p90].map((figure) => figure.toFixed(2))].join(" | ")} |`);
  }
  await stop(nginx);
}

async function answer(url: string, from?: number): Promise<IncomingMessage> {
  const headers = from === undefined ? {} : { Range: `bytes=${from}-` };
  const [res] = (await once(get(url, { agent: false, headers }), "response")) as [IncomingMessage];
  if (res.statusCode !== (from === undefined ? 200 : 206)) throw new Error(`${url} is answered ${res.statusCode}`);
  return res;
}

async function firstByteMs(url: string, from?: number): Promise<number> {
  const start = performance.now();
  const res = await answer(url, from);
  await once(res, "readable");
  const ms = performance.now() - start;
  res.destroy();
  return ms;
}

/** The longest time for which nothing else could run in the server since the last call. */
async function longestDelayMs(url: string): Promise<number> {
  return Number(await text(await answer(`${url}/delay`)));
}

async function makeHourFile(): Promise<void> {
  const { child, url } = await startServer();
  await pipeline(await answer(url + HOUR), createWriteStream(join(root, "hour.mp4")));
  await stop(child);
}

async function throughput(minutes: string[]): Promise<void> {
  const server = await startServer();
  const gigabytes = (await stat(join(root, "hour.mp4"))).size / 1e9;
  const [sending, copying] = [
    await startNginx(root, NGINX_PORTS.on, "on"),
    await startNginx(root, NGINX_PORTS.off, "off"),
  ];
  const contender = (name: string, pid: number | undefined, url: string) => ({
    name,
    pid: pid as number,
    url,
    seconds: [] as number[],
    cpu: [] as number[],
  });
  const nginxUrl = (sendfile: "on" | "off") => `http://127.0.0.1:${NGINX_PORTS[sendfile]}/hour.mp4`;
  const contenders = [
    contender("range", server.pid, server.url + HOUR),
    contender("nginx, the same bytes as a file, sendfile off", copying.pid, nginxUrl("off")),
    contender("nginx, the same, sendfile on", sending.pid, nginxUrl("on")),
  ];
  for (const { url } of contenders) await download(url);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { pid, url, seconds, cpu } of contenders) {
      const before = readUsage(pid).cpuSeconds;
      const start = performance.now();
      await download(url);
      seconds.push((performance.now() - start) / 1000);
      cpu.push(readUsage(pid).cpuSeconds - before);
    }
  }
  for (const child of [sending, copying, server.child]) await stop(child);
  const ffmpeg = await ffmpegCpu(minutes);
  const rows = contenders.map(({ name, seconds, cpu }) => ({
    name,
    speed: gigabytes / median(seconds),
    cpu: median(cpu),
  }));
  const [, off, on] = rows;
  print(`\nAn hour of ${gigabytes.toFixed(2)} GB to curl, over the loopback; nginx: ${NGINX}.\n`);
  print("| | GB/s | to nginx, sendfile off | on | CPU s | to nginx, sendfile off | on | to ffmpeg |");
  print("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const { name, speed, cpu } of rows) {
    const figures = [
      speed,
      speed / (off?.speed ?? 0),
      speed / (on?.speed ?? 0),
      cpu,
      cpu / (off?.cpu ?? 0),
      cpu / (on?.cpu ?? 0),
    ];
    print(`| ${[name, ...figures.map((figure) => figure.toFixed(2)), (cpu / ffmpeg).toFixed(2)].join(" | ")} |`);
  }
  print(`| ffmpeg -f concat -c copy -movflags +faststart | | | | ${ffmpeg.toFixed(2)} | | | 1 |`);
}

async function run(program: string, ...parameters: string[]): Promise<void> {
  const [code] = (await once(spawn(program, parameters, { stdio: ["ignore", "inherit", "inherit"] }), "exit")) as [
    number,
  ];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

function download(url: string, ...more: string[]): Promise<void> {
  return run("curl", "-sS", "-o", "/dev/null", ...more, url);
}

/** CPU seconds of ffmpeg for the same hour as a file; what this process uses meanwhile is negligible. */
async function ffmpegCpu(minutes: string[]): Promise<number> {
  const list = join(root, "list.txt");
  await writeFile(list, minutes.map((path) => `file '${path}'\n`).join(""));
  const input = ["-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", list];
  const before = readUsage(process.pid).cpuSeconds;
  await run("ffmpeg", ...input, "-c", "copy", "-movflags", "+faststart", join(root, "ffmpeg.mp4"));
  return readUsage(process.pid).cpuSeconds - before;
}

async function memory(): Promise<void> {
  print("\n| resident memory | idle, MB | at most, MB | more | to reach |\n| --- | --- | --- | --- | --- |");
  const day = (url: string) => download(url + DAY, "-r", "0-2000000000");
  const twenty = async (url: string) => {
    await Promise.all(Array.from({ length: 20 }, () => download(url + HOUR, "-r", "0-150000000")));
  };
  for (const [what, work, limit] of [
    ["one day", day, 60],
    ["twenty hours at once", twenty, 200],
  ] as const) {
    const { child, pid, url } = await startServer();
    await download(`${url}/api/1/camera/hour/range.mp4?start=${iso(START_US)}&end=${iso(START_US + 1e6)}`);
    const idle = readUsage(pid).residentBytes / 1e6;
    await work(url);
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const most = (Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024) / 1e6;
    await stop(child);
    print(`| ${what} | ${idle.toFixed(0)} | ${most.toFixed(0)} | ${(most - idle).toFixed(0)} | ${limit} |`);
  }
}
