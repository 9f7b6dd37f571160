import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { soakCameras } from "./cameras.ts";
import { planFaults } from "./fault-plan.ts";
import { judgeCamera } from "./judge.ts";
import { type SoakReport, summarize } from "./report.ts";
import { readSentLog } from "./sent-log.ts";
import { record, type Scene, SENT_LOG, setStage, stopAndDrain } from "./stage.ts";

const USAGE = `Records simulated cameras under changing faults and accounts for every frame.

npm run test:soak -- [--minutes 60] [--cameras 16] [--seed N] [--bitrate-kbit 800] [--tcp-only] [--folder F] [--keep]
npm run test:soak -- --judge --folder F

  --seed      of the faults: the same seed gives the same faults; printed at the start
  --tcp-only  also the cameras that are to send over UDP
  --folder    for footage and report (an hour of 16 cameras: 7 GB); otherwise one in the system's temporary folder
  --keep      leaves the footage there; without it, it goes when all is well. The report stays.
  --judge     judges once more what an earlier run has left in the folder`;

/** Faults end this long before the run does. */
const QUIET_MS = 5000;

/** The options of a run; kept in its report. */
interface Options {
  seed: number;
  minutes: number;
  cameraCount: number;
  bitrateKbit: number;
  tcpOnly: boolean;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readOptions(): { options: Options; folder: string; keep: boolean; judge: boolean } {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      minutes: text,
      cameras: text,
      seed: text,
      "bitrate-kbit": text,
      folder: text,
      "tcp-only": flag,
      keep: flag,
      judge: flag,
      help: flag,
    },
  });
  const number = (name: string, value: string | undefined, fallback: number) => {
    const read = value === undefined ? fallback : Number(value);
    if (!(read > 0)) throw new Error(`--${name} must be a number above 0\n\n${USAGE}`);
    return read;
  };
  if (values.help || (values.judge && values.folder === undefined)) {
    say(USAGE);
    process.exit(values.help ? 0 : 1);
  }
  const seed = number("seed", values.seed, 1 + Math.floor(Math.random() * 1e6));
  return {
    options: {
      seed,
      minutes: number("minutes", values.minutes, 60),
      cameraCount: number("cameras", values.cameras, 16),
      bitrateKbit: number("bitrate-kbit", values["bitrate-kbit"], 800),
      tcpOnly: values["tcp-only"],
    },
    folder: values.folder ?? join(tmpdir(), `hindsight-soak-${seed}-${process.pid}`),
    keep: values.keep,
    judge: values.judge,
  };
}

function sceneOf({ cameraCount, bitrateKbit, tcpOnly, minutes }: Options, folder: string): Scene {
  const cameras = soakCameras(cameraCount, bitrateKbit);
  return { cameras: tcpOnly ? cameras.map((one) => ({ ...one, transport: "tcp" })) : cameras, folder, minutes, say };
}

/** The whole run. Throws when something cannot be started. */
async function soak(options: Options, folder: string): Promise<SoakReport<Options>> {
  const scene = sceneOf(options, folder);
  const startedAt = new Date().toISOString();
  const stage = await setStage(scene);
  try {
    const plan = planFaults(options.seed, scene.cameras, options.minutes * 60_000 - QUIET_MS);
    say(`recording ${scene.cameras.length} cameras for ${options.minutes} min, ${plan.length} faults`);
    const watch = await record(stage, scene, plan);
    const stoppedUs = Date.now() * 1000;
    const violations = [...watch.violations(), ...(await stopAndDrain(stage, scene))];
    await stage.simulator.stop();
    const faults: Record<string, number> = {};
    for (const { kind } of plan) faults[kind] = (faults[kind] ?? 0) + 1;
    const run = { options, startedAt, stoppedUs, faults, processes: watch.figures(), violations };
    return await judged({ ...run, cameras: [], passed: false }, folder);
  } finally {
    await stage.end();
  }
}

/** The report of a run, completed by the checks of its cameras' files in the folder. */
async function judged(report: SoakReport<Options>, folder: string): Promise<SoakReport<Options>> {
  say("accounting");
  const { cameras, minutes } = sceneOf(report.options, folder);
  const sentByCamera = await readSentLog(join(folder, SENT_LOG));
  const reports: SoakReport<Options>["cameras"] = [];
  for (const camera of cameras) {
    const sent = sentByCamera.get(camera.id);
    if (sent === undefined) throw new Error(`the simulator sent nothing of ${camera.id}`);
    const directory = join(folder, "recordings", camera.id);
    reports.push(await judgeCamera(camera, sent, { directory, stopUs: report.stoppedUs, minutes }));
  }
  const passed = report.violations.length === 0 && reports.every(({ violations }) => violations.length === 0);
  return { ...report, cameras: reports, passed };
}

const { options, folder, keep, judge } = readOptions();
const reportFile = join(folder, "report.json");
say(`${judge ? "" : `seed ${options.seed}, `}in ${folder}`);
const report = judge
  ? await judged(JSON.parse(await readFile(reportFile, "utf8")) as SoakReport<Options>, folder)
  : await soak(options, folder);
await writeFile(reportFile, `${JSON.stringify(report, undefined, 2)}\n`);
if (report.passed && !keep) {
  for (const name of ["recordings", SENT_LOG]) await rm(join(folder, name), { recursive: true, force: true });
}
const { seed, minutes } = report.options;
say(`\n${summarize(report)}\n\nseed ${seed}, ${minutes} min; report: ${reportFile}`);
process.exitCode = report.passed ? 0 : 1;
