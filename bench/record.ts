// The cost of recording cameras of 4 Mbit/s 1080p25 in the steady state: our recorder, one ffmpeg for each camera, and
// a minimal process that only copies socket bytes to files. They take turns, round by round, so that noise affects all
// alike.
// Usage: npm run bench:record -- [--cameras 1,8,32,64] [--seconds 30] [--rounds 2] [--most-ffmpegs 32]
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Fleet } from "../tests/support/fleet.ts";
import { startRedis } from "../tests/support/redis.ts";
import { startSimulator } from "../tests/support/simulator.ts";
import { killAll, startFfmpegs, startFloor } from "./support/peers.ts";
import { type MeasuredUsage, measure } from "./support/process-usage.ts";

const { values } = parseArgs({
  options: {
    cameras: { type: "string", default: "1,8,32,64" },
    /** Measured seconds of each contender, in all rounds together. */
    seconds: { type: "string", default: "30" },
    rounds: { type: "string", default: "2" },
    /** Maximum number of ffmpeg processes; for more cameras, their row is extrapolated. */
    "most-ffmpegs": { type: "string", default: "32" },
  },
});
const counts = values.cameras.split(",").map(Number);
const rounds = Number(values.rounds);
const secondsPerRound = Number(values.seconds) / rounds;
const mostFfmpegs = Number(values["most-ffmpegs"]);
const SETTLE_MS = 15_000;
const CLIP = { width: 1920, height: 1080, fps: 25, bitrateKbit: 4000, gopFrames: 50, seconds: 20 };

type Contender = (urls: string[], folder: string) => Promise<MeasuredUsage>;

const CONTENDERS: Record<string, Contender> = {
  recorder: measureRecorder,
  "copying floor": (urls, folder) => measurePeers(startFloor(urls, folder)),
  ffmpeg: (urls, folder) => measurePeers(startFfmpegs(urls.slice(0, mostFfmpegs), folder)),
};

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
const folder = await mkdtemp(join(tmpdir(), "hindsight-bench-"));

try {
  console.log(
    `4 Mbit/s 1080p25, ${rounds} turns of ${secondsPerRound} s each, after ${SETTLE_MS / 1000} s to settle\n`,
  );
  console.log(
    "| cameras | | % of a core per camera (by turn) | to floor | to ffmpeg | PSS, MB per camera | RSS, MB in all | written, Mbit/s per camera |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const count of counts) await bench(count);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench(cameras: number): Promise<void> {
  const simulator = await startSimulator({
    tickMs: 10,
    cameras: [{ id: "cam", count: cameras, countable: false, clip: CLIP }],
  });
  try {
    const urls = Array.from({ length: cameras }, (_, i) => simulator.url(`cam-${i + 1}`));
    const turns = new Map<string, MeasuredUsage[]>(Object.keys(CONTENDERS).map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, contender] of Object.entries(CONTENDERS)) {
        const place = join(folder, "turn");
        await mkdir(place);
        turns.get(name)?.push(await contender(urls, place));
        await rm(place, { recursive: true, force: true });
      }
    }
    printRows(cameras, turns);
  } finally {
    await simulator.remove();
  }
}

async function measureRecorder(urls: string[], place: string): Promise<MeasuredUsage> {
  const redis = await startRedis();
  const config = { cameras: Object.fromEntries(urls.map((url, i) => [`cam-${i + 1}`, { url }])) };
  const fleet = await Fleet.prepare({ folder: place, redisUrl: redis.url, config });
  try {
    fleet.start("recorder");
    await sleep(SETTLE_MS);
    return await measure([fleet.pid("recorder")], secondsPerRound);
  } finally {
    await fleet.stop();
    await redis.stop();
  }
}

async function measurePeers(children: ReturnType<typeof startFfmpegs>): Promise<MeasuredUsage> {
  try {
    await sleep(SETTLE_MS);
    return await measure(
      children.map(({ pid }) => pid as number),
      secondsPerRound,
    );
  } finally {
    await killAll(children);
  }
}

function printRows(cameras: number, turns: ReadonlyMap<string, MeasuredUsage[]>): void {
  const mean = (name: string, key: keyof MeasuredUsage) => {
    const measured = turns.get(name) ?? [];
    return measured.reduce((sum, usage) => sum + usage[key], 0) / measured.length / streams(name, cameras);
  };
  for (const [name, measured] of turns) {
    const each = mean(name, "corePercent");
    const count = streams(name, cameras);
    const byTurn = measured.map(({ corePercent }) => (corePercent / count).toFixed(3)).join(", ");
    const pss = mean(name, "proportionalBytes");
    console.log(
      `| ${cameras} | ${name}${count < cameras ? ` (extrapolated from ${count})` : ""} ` +
        `| ${each.toFixed(3)} (${byTurn}) ` +
        `| ${(each / mean("copying floor", "corePercent")).toFixed(2)} | ${(each / mean("ffmpeg", "corePercent")).toFixed(2)} ` +
        `| ${(pss / 1e6).toFixed(1)} (1/${(mean("ffmpeg", "proportionalBytes") / pss).toFixed(1)} of ffmpeg) ` +
        `| ${((mean(name, "bytes") * cameras) / 1e6).toFixed(0)} ` +
        `| ${((mean(name, "writtenBytesPerSecond") * 8) / 1e6).toFixed(2)} |`,
    );
  }
}

function streams(name: string, cameras: number): number {
  return name === "ffmpeg" ? Math.min(cameras, mostFfmpegs) : cameras;
}
