import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Job } from "bullmq";
import { UnrecoverableError } from "bullmq";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import winston from "winston";
import type { Config, LiveConfig } from "../../shared/config/config.ts";
import { BadChunkError } from "../../shared/conversion/errors.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { quarantine } from "../../shared/conversion/quarantine.ts";
import {
  CONFIG,
  clip,
  MINUTE,
  MinuteFixture,
  START_US,
  tools,
} from "../../shared/conversion/testing/minute-fixture.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import { rememberCameraDirectory } from "../../shared/store/directories.ts";
import { isOwnFolder, OutsideError } from "../../shared/store/own-folder.ts";
import { atPace } from "../../tests/support/chunk-maker.ts";
import { ForgedJobError, JobCheck } from "./job-check.ts";
import { JobProcessor } from "./job-processor.ts";
import { LaterFootage } from "./later-footage.ts";
import { ConverterMetrics } from "./metrics.ts";
import { Sweep } from "./sweep.ts";
import { Troubles } from "./troubles.ts";

const files = new StoreFiles();

let minute: MinuteFixture;
/** A folder outside of the store, with a day of video in it. */
let outside: string;
let root: string;
let check: JobCheck;

beforeEach(async () => {
  minute = await MinuteFixture.create();
  outside = await mkdtemp(join(tmpdir(), "hindsight-outside-"));
  root = await mkdtemp(join(tmpdir(), "hindsight-root-"));
  const cameras = new Map([["cam", { id: "cam", directory: minute.directory }]]);
  const current = { cameras, storage: { root } } as unknown as Config;
  check = new JobCheck(files, { current, onChange: () => () => {} } satisfies LiveConfig);
});

afterEach(async () => {
  await minute.remove();
  for (const folder of [outside, root]) await rm(folder, { recursive: true, force: true });
});

test("a job passes when its camera is, or was, recorded in its directory", async () => {
  expect(await check.accept({ ...minute.job, more: "of a later version" })).toEqual(minute.job);
  const moved = { ...minute.job, directory: outside };
  await expect(check.accept(moved)).rejects.toThrow(ForgedJobError);
  await rememberCameraDirectory(files, root, { camera: "cam", directory: outside });
  const later = new JobCheck(files, {
    current: { cameras: new Map(), storage: { root } } as unknown as Config,
    onChange: () => () => {},
  });
  expect(await later.accept(moved)).toEqual(moved);
  await expect(later.accept(minute.job)).rejects.toThrow(ForgedJobError);
});

test.each([
  ["nothing", undefined],
  ["another camera's directory", { camera: "other" }],
  ["an id that is a path", { camera: "../cam" }],
  ["a minute that is a path", { minute: "../../etc" }],
  ["a minute that is none", { minute: "20251324.9999" }],
  ["any directory", { directory: "/etc" }],
  ["a relative directory", { directory: "recordings/cam" }],
  ["a directory above", { directory: "/tmp/x/.." }],
  ["no text", { directory: ["/etc"] }],
])("a job with %s is refused", async (_, changes) => {
  const data = changes === undefined ? undefined : { ...minute.job, ...changes };
  await expect(check.accept(data)).rejects.toThrow(ForgedJobError);
});

test("a forged job fails for good, without a further attempt, and touches nothing", async () => {
  await minute.put(1, atPace(await clip(), START_US));
  const logger = winston.createLogger({ transports: [], silent: true });
  const converted: ConversionJob[] = [];
  const processor = new JobProcessor({
    files,
    accept: (data) => check.accept(data),
    convert: async (job) => {
      converted.push(job);
      return { chunks: 1, samples: 1, quarantined: [], later: [], withoutPictures: "a picture of 16000x16000" };
    },
    config: () => CONFIG,
    logger,
    metrics: new ConverterMetrics(new Registry()),
    troubles,
    later: new LaterFootage(() => {}),
  });
  const job = (data: unknown) => ({ data, opts: {}, attemptsMade: 0 }) as unknown as Job<ConversionJob>;
  await expect(processor.process(job({ ...minute.job, directory: outside }))).rejects.toThrow(UnrecoverableError);
  expect(converted).toEqual([]);
  await processor.process(job(minute.job));
  expect(converted).toEqual([minute.job]);
  expect(troubles.list()).toEqual([expect.stringMatching(/pictures of cam: .*no preview.*16000x16000/)]);
});
const troubles = new Troubles(winston.createLogger({ transports: [], silent: true }));

test("a day's folder that is a link out of the camera's directory is not followed: not converted, not swept", async () => {
  await minute.put(1, atPace(await clip(), START_US));
  const day = dirname(minute.chunk(1));
  await rename(day, join(outside, "20251124"));
  await symlink(join(outside, "20251124"), day);
  await expect(convertMinute(minute.job, tools())).rejects.toThrow(OutsideError);
  const sweep = new Sweep(files, new IdleWatch(), new LaterFootage(() => {}));
  const { jobs, unreadable } = await sweep.run([{ camera: "cam", directory: minute.directory }]);
  expect(jobs).toEqual([]);
  expect(unreadable[0]?.error.message).toContain("put a folder in its place");
  expect(await readdir(join(outside, "20251124"))).toEqual([`cam.${MINUTE}.chunk`]);
});

test("links within a camera's directory, and a directory that is a link, are followed", async () => {
  const alias = join(outside, "cam");
  await symlink(minute.directory, alias);
  await minute.put(1, atPace(await clip(), START_US));
  const day = dirname(minute.chunk(1));
  await rename(day, `${day}.moved`);
  await symlink(`${day}.moved`, day);
  expect(await isOwnFolder(files, alias, join(alias, "20251124"))).toBe(true);
  expect((await convertMinute({ ...minute.job, directory: alias }, tools())).samples).toBe(60);
});

test("a chunk that is a link to elsewhere is a bad chunk: what it leads to is neither read nor removed", async () => {
  await minute.put(1, atPace(await clip(), START_US));
  const elsewhere = join(outside, "somebody.chunk");
  await rename(minute.chunk(1), elsewhere);
  const before = await readFile(elsewhere);
  await symlink(elsewhere, minute.chunk(1));
  const error = await convertMinute(minute.job, tools()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BadChunkError);
  const kept = await quarantine(files, minute.directory, minute.chunk(1), "a link");
  expect((await lstat(kept)).isSymbolicLink()).toBe(true);
  expect((await readFile(elsewhere)).equals(before)).toBe(true);
});

test("a quarantine that is a link out of the camera's directory takes nothing, and neither does an mp4 that is a link", async () => {
  await minute.put(1, atPace(await clip(), START_US));
  await symlink(outside, join(minute.directory, "quarantine"));
  await expect(quarantine(files, minute.directory, minute.chunk(1), "x")).rejects.toThrow(OutsideError);
  await mkdir(join(outside, "y"));
  await symlink(join(outside, "y"), minute.path("mp4"));
  await expect(convertMinute(minute.job, tools())).rejects.toThrow(BadChunkError);
  expect(await readdir(outside)).toEqual(["y"]);
});
