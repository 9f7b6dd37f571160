// The cost of a reaper's pass on a large store. Usage: tsx bench/reap.ts [cameras = 16] [days = 30] [store]. A given
// store must have cam-1 to cam-{cameras}, up to yesterday; it is used and kept.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaySizes } from "../services/reaper/day-sizes.ts";
import { runPass } from "../services/reaper/pass.ts";
import { ReapedLog } from "../services/reaper/reaped-log.ts";
import type { Config, ReaperConfig } from "../shared/config/config.ts";
import { StoreFiles } from "../shared/disk/store-files.ts";
import { makeLargeStore } from "./support/large-store.ts";

const cameras = Number(process.argv[2] ?? 16);
const days = Number(process.argv[3] ?? 30);
const given = process.argv[4];
const root = given ?? mkdtempSync(join(tmpdir(), "hindsight-bench-reap-"));
const files = new StoreFiles();
const print = (line: string) => process.stdout.write(`${line}\n`);

function directoriesIn(store: string): Map<string, string> {
  return new Map(Array.from({ length: cameras }, (_, i) => [`cam-${i + 1}`, join(store, `cam-${i + 1}`)]));
}

/** @param untilMs ms after which the pass must end, as when something more urgent comes */
async function measure(what: string, config: Config, sizes: DaySizes, limit: number, untilMs = 1e9): Promise<void> {
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const beforeMb = Math.round(process.memoryUsage.rss() / 1e6);
  let firstMs: number | undefined;
  let removed = 0;
  let maxRss = process.memoryUsage.rss();
  const watch = setInterval(() => {
    maxRss = Math.max(maxRss, process.memoryUsage.rss());
  }, 20);
  await runPass({
    files,
    config,
    reaper: config.reaper as ReaperConfig,
    log: new ReapedLog(files, root),
    sizes,
    mayGoOn: () => removed < limit && performance.now() - startMs < untilMs,
    events: {
      removed() {
        firstMs ??= performance.now() - startMs;
        removed++;
      },
      measured() {},
      problem() {},
    },
  });
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = Math.round(performance.now() - startMs);
  const first = firstMs === undefined ? "nothing removed" : `first removed after ${Math.round(firstMs)} ms`;
  print(
    `${what}: ${wallMs} ms, ${Math.round((user + system) / 1000)} ms of CPU, ${first}, ${removed} removed, ` +
      `at most ${Math.round(Math.max(maxRss, process.memoryUsage.rss()) / 1e6)} MB (${beforeMb} before)`,
  );
}

try {
  const madeMs = performance.now();
  const directories = given === undefined ? makeLargeStore(root, cameras, days, Date.now()) : directoriesIn(given);
  print(
    `${cameras} cameras, ${days} days, ${cameras * days * 4320} files, made in ${Math.round(performance.now() - madeMs)} ms`,
  );
  const configOf = (reaper: Partial<ReaperConfig>): Config =>
    ({
      storage: { root },
      recorder: { diskReserveBytes: 0 },
      cameras: new Map(Array.from(directories, ([id, directory]) => [id, { id, directory }])),
      reaper: { minFreePercent: 0, minFreeBytes: 0, intervalMs: 60_000, logDays: 90, dryRun: false, ...reaper },
    }) as unknown as Config;
  const sizes = new DaySizes(files);
  await measure("nothing to do", configOf({}), sizes, 0);
  await measure("nothing to do, maxAgeDays", configOf({ maxAgeDays: days * 2 }), sizes, 0);
  // The files are empty, so the pass ends by their number: 1 % of the minutes.
  await measure("1 % must go", configOf({ minFreeBytes: Number.MAX_SAFE_INTEGER }), sizes, cameras * days * 14.4);
  const bounded = configOf({ maxBytes: 1e15 });
  await measure("maxBytes, first look, ended after 1 s for something urgent", bounded, sizes, 1, 1000);
  await measure("maxBytes, first look", bounded, sizes, 1);
  await measure("maxBytes, from then on", bounded, sizes, 1);
} finally {
  if (given === undefined) rmSync(root, { recursive: true, force: true });
}
