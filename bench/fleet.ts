// What the whole fleet uses, beside what ffmpeg uses merely to record, and beside copying bytes: one run, one machine.
// Usage: tsx bench/fleet.ts [cameras = 8] [seconds = 120]
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet } from "../tests/support/fleet.ts";
import { startRedis } from "../tests/support/redis.ts";
import { startSimulator } from "../tests/support/simulator.ts";
import { killAll, startFfmpegs, startFloor } from "./support/peers.ts";
import { measure } from "./support/process-usage.ts";

const cameras = Number(process.argv[2] ?? 8);
const seconds = Number(process.argv[3] ?? 120);
const PEER_SECONDS = 60;
const CLIP = { width: 1920, height: 1080, fps: 25, bitrateKbit: 4000, gopFrames: 50, seconds: 20 };
const SERVICES = ["recorder", "converter", "reaper", "api"] as const;

interface Row {
  what: string;
  corePercent: number;
  bytes: number;
}

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
const folder = await mkdtemp(join(tmpdir(), "hindsight-bench-"));
const simulator = await startSimulator({
  tickMs: 10,
  cameras: [{ id: "cam", count: cameras, countable: false, clip: CLIP }],
});
const urls = Array.from({ length: cameras }, (_, i) => simulator.url(`cam-${i + 1}`));
const rows: Row[] = [];

async function measureFleet(): Promise<void> {
  const redis = await startRedis();
  const config = { cameras: Object.fromEntries(urls.map((url, i) => [`cam-${i + 1}`, { url }])) };
  const fleet = await Fleet.prepare({ folder, redisUrl: redis.url, config });
  fleet.start(...SERVICES);
  await sleep(75_000); // until the first minutes are converted
  const pids = { ...Object.fromEntries(SERVICES.map((name) => [name, fleet.pid(name)])), redis: redis.pid };
  const results = await Promise.all(Object.values(pids).map((pid) => measure([pid], seconds)));
  for (const [i, what] of Object.keys(pids).entries()) {
    rows.push({ what, ...(results[i] as { corePercent: number; bytes: number }) });
  }
  await fleet.stop();
  await redis.stop();
}

async function measurePeers(what: string, start: typeof startFloor): Promise<void> {
  const place = join(folder, "peer");
  await mkdir(place, { recursive: true });
  const children = start(urls, place);
  await sleep(15_000);
  rows.push({
    what,
    ...(await measure(
      children.map((child) => child.pid as number),
      PEER_SECONDS,
    )),
  });
  await killAll(children);
  await rm(place, { recursive: true, force: true });
}

try {
  await measureFleet();
  await measurePeers("ffmpeg -c copy -f segment, one each", startFfmpegs);
  await measurePeers("copying socket bytes to files (Node)", startFloor);
} finally {
  await simulator.remove();
  await rm(folder, { recursive: true, force: true });
}

const own = rows.slice(0, SERVICES.length + 1);
rows.splice(own.length, 0, {
  what: "the whole fleet",
  corePercent: own.reduce((sum, row) => sum + row.corePercent, 0),
  bytes: own.reduce((sum, row) => sum + row.bytes, 0),
});
const ffmpeg = rows.find((row) => row.what.startsWith("ffmpeg"))?.corePercent ?? Number.NaN;
console.log(`${cameras} cameras of 4 Mbit/s 1080p25, ${seconds} s (peers ${PEER_SECONDS} s in their steady state)\n`);
console.log("| | % of a core for each camera | against ffmpeg | memory, MB |\n| --- | --- | --- | --- |");
for (const { what, corePercent, bytes } of rows) {
  const each = (corePercent / cameras).toFixed(3);
  console.log(`| ${what} | ${each} | ${(corePercent / ffmpeg).toFixed(2)} | ${(bytes / 1e6).toFixed(0)} |`);
}
