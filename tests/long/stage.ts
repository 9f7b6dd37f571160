import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fleet, until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { startRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";
import type { SoakCamera } from "./cameras.ts";
import type { PlannedFault } from "./fault-plan.ts";
import { ProcessWatch } from "./process-watch.ts";
import { TIMERS } from "./sessions-check.ts";

const MINUTE_MS = 60_000;
const DRAIN_LIMIT_MS = 300_000;
const MAX_TOLD_ERRORS = 20;

/** Name of the simulator's log in the run's folder. */
export const SENT_LOG = "sent.jsonl";

/** What to record, and where. */
export interface Scene {
  cameras: readonly SoakCamera[];
  folder: string;
  minutes: number;
  /** Prints the progress. */
  say(text: string): void;
}

/** Encodes all clips that faults may need before anybody watches: encoders would use the CPU that is measured. */
async function prepareClips(simulator: RunningSimulator, cameras: readonly SoakCamera[]): Promise<void> {
  for (const { id, otherClips } of cameras) {
    for (const parameterChange of otherClips) await simulator.setFault(id, { parameterChange });
    await simulator.setFault(id, { endlessGop: true });
    await simulator.setFault(id, { endlessGop: null });
  }
}

/** Sets the planned faults, each at its time, until the plan is done. */
async function runPlan(simulator: RunningSimulator, plan: readonly PlannedFault[], startMs: number): Promise<void> {
  for (const { atMs, camera, faults } of plan) {
    await sleep(Math.max(0, startMs + atMs - performance.now()));
    await simulator.setFault(camera, faults);
  }
}

async function filesLeft(fleet: Fleet, cameras: readonly SoakCamera[], endings: string[]): Promise<string[]> {
  const lists = cameras.flatMap(({ id }) => endings.map((ending) => footage(join(fleet.storageRoot, id), ending)));
  return (await Promise.all(lists)).flat();
}

/** The processes of a run; `end` stops all of them. */
export interface Stage {
  simulator: RunningSimulator;
  fleet: Fleet;
  end(): Promise<void>;
}

/** Starts everything and waits until every camera is recorded. */
export async function setStage({ cameras, folder, say }: Scene): Promise<Stage> {
  await mkdir(folder, { recursive: true });
  const ends: (() => Promise<void>)[] = [];
  const end = async () => {
    for (const stop of ends.reverse()) await stop();
  };
  try {
    const redis = await startRedis();
    ends.push(() => redis.stop());
    const simulator = await startSimulator({
      cameras: cameras.map((one) => one.simulator),
      logFile: join(folder, SENT_LOG),
      tickMs: 2,
    });
    ends.push(() => simulator.remove());
    say("making clips");
    await prepareClips(simulator, cameras);
    const recorder = Object.fromEntries(Object.entries(TIMERS).map(([key, ms]) => [key.replace(/Ms$/, ""), `${ms}ms`]));
    const targets = cameras.map(({ id, credentials, transport }) => [
      id,
      { url: simulator.url(id, credentials), transport },
    ]);
    const fleet = await Fleet.prepare({
      folder,
      redisUrl: redis.url,
      config: { recorder, cameras: Object.fromEntries(targets) },
    });
    ends.push(() => fleet.stop());
    fleet.start("recorder", "converter");
    await until("every camera to be recorded", MINUTE_MS, async () => {
      const chunks = await Promise.all(cameras.map(({ id }) => footage(join(fleet.storageRoot, id), ".chunk")));
      return chunks.every(({ length }) => length > 0);
    });
    return { simulator, fleet, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Records while the plan of faults runs. */
export async function record(
  { simulator, fleet }: Stage,
  { cameras, minutes, say }: Scene,
  plan: readonly PlannedFault[],
): Promise<ProcessWatch> {
  const watch = new ProcessWatch({
    recorder: fleet.pid("recorder"),
    converter: fleet.pid("converter"),
    simulator: simulator.pid,
  });
  const startMs = performance.now();
  const untilMs = (minute: number) => Math.max(0, startMs + minute * MINUTE_MS - performance.now());
  const faultsDone = runPlan(simulator, plan, startMs);
  for (let minute = 1; minute <= minutes && watch.gone.size === 0; minute++) {
    await Promise.race([sleep(untilMs(minute)), failureOf(faultsDone)]);
    const made = await filesLeft(fleet, cameras, [".mp4"]);
    const memory = watch.figures().map(({ name, highestMb }) => `${name} ${highestMb} MB`);
    say(`${minute} min: ${made.length} minutes made; ${memory.join(", ")}`);
  }
  await sleep(untilMs(minutes));
  await faultsDone;
  watch.stop();
  return watch;
}

/** Stops the recorder, and the converter after it has converted all minutes. Returns what went wrong. */
export async function stopAndDrain({ fleet }: Stage, { cameras, folder }: Scene): Promise<string[]> {
  const violations: string[] = [];
  const recorderExit = await fleet.end("recorder");
  if (recorderExit !== 0) violations.push(`the recorder ended with exit code ${recorderExit}`);
  await until("the converter to make the last minutes", DRAIN_LIMIT_MS, async () => {
    return (await filesLeft(fleet, cameras, [".chunk"])).length === 0;
  }).catch((error: Error) => violations.push(error.message));
  const converterExit = await fleet.end("converter");
  if (converterExit !== 0) violations.push(`the converter ended with exit code ${converterExit}`);
  const left = await filesLeft(fleet, cameras, [".chunk", ".tmp", ".lock"]);
  if (left.length > 0) violations.push(`left behind: ${left.join(", ")}`);
  const errors = fleet.log.split("\n").filter((line) => / error /.test(line));
  violations.push(...errors.slice(0, MAX_TOLD_ERRORS).map((line) => `logged: ${line}`));
  await writeFile(join(folder, "fleet.log"), fleet.log);
  return violations;
}

/** Rejects when the promise does; never resolves. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => promise.catch(reject));
}
