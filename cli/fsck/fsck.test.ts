import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, open, readdir, readFile, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { clip, endOf, tools } from "../../shared/conversion/testing/minute-fixture.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { readMinute } from "../../shared/mp4/minute-file.ts";
import { chunkPath, dayFolder, minutePath, quarantineFolder, spriteSheetPath } from "../../shared/store/names.ts";
import { hourOf, minuteStartUs } from "../../shared/time/minute.ts";
import { atPace, origin, type TimedUnit, writeChunk } from "../../tests/support/chunk-maker.ts";
import { foreignMovie } from "../../tests/support/foreign-movie.ts";
import type { DayReport, Remark } from "./remarks.ts";
import { Repairer } from "./repair.ts";
import { checkStore } from "./store-check.ts";

const files = new StoreFiles();

const DAY = "20251124";
const MINUTES = [`${DAY}.1432`, `${DAY}.1433`] as [string, string];
const HOURS_AGO = new Date(Date.now() - 7_200_000);

/** A store of two minutes as the converter made it; each test gets a copy. */
let original: string;
let root: string;
let directory: string;

const path = (kind: "mp4" | "preview" | "thumbnail", minute = MINUTES[0]) => minutePath(directory, "cam", minute, kind);

/** The first picture is in its minute; the last ends 2.4 s later. Both minutes do so: there are 57.6 s between them. */
async function unitsOf(minute: string): Promise<TimedUnit[]> {
  return atPace(await clip(), (minuteStartUs(minute) as number) + 1000);
}

async function putChunk(into: string, minute: string): Promise<string> {
  const units = await unitsOf(minute);
  const chunk = chunkPath(into, "cam", minute, 1);
  await writeChunk(chunk, { units, origin: origin(), openedUs: units[0]?.timeUs as number, endUs: endOf(units) });
  await utimes(chunk, HOURS_AGO, HOURS_AGO);
  return chunk;
}

beforeAll(async () => {
  original = await mkdtemp(join(tmpdir(), "hindsight-fsck-"));
  for (const minute of MINUTES) {
    await putChunk(join(original, "cam"), minute);
    await convertMinute({ camera: "cam", minute, directory: join(original, "cam") }, tools());
  }
});

afterAll(() => rm(original, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hindsight-fsck-"));
  directory = join(root, "cam");
  await cp(original, root, { recursive: true });
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function check({ isDeep = false, isRepairing = false } = {}) {
  const told = { faults: [] as string[], notes: [] as string[], outcomes: [] as string[], days: [] as DayReport[] };
  await checkStore({
    directories: [{ camera: "cam", directory }],
    isDeep,
    ...(isRepairing && { repairer: new Repairer(files, tools().config()) }),
    events: {
      found({ severity, when, message }: Remark, outcome) {
        told[severity === "fault" ? "faults" : "notes"].push(`${when} ${message}`);
        if (outcome !== undefined) told.outcomes.push(outcome.text);
      },
      day: (report) => told.days.push(report),
      progress() {},
    },
  });
  return told;
}

test("a store that is whole has no fault, and its gap is counted", async () => {
  const sheet = spriteSheetPath(directory, "cam", hourOf(MINUTES[0])); // a camera may record into the storage root
  await mkdir(dirname(sheet), { recursive: true });
  await writeFile(sheet, "sheet");
  const { faults, notes, days } = await check({ isDeep: true });
  expect(faults).toEqual([]);
  expect(notes).toEqual([]);
  expect(days).toEqual([
    { camera: "cam", day: DAY, minutes: 2, waiting: 0, faults: 0, repaired: 0, gaps: 1, gapUs: 57_600_000 },
  ]);
});

test("an mp4 that is cut short by a byte is a fault, and so is one with bytes behind its samples", async () => {
  const { length } = await readFile(path("mp4"));
  await truncate(path("mp4"), length - 1);
  await writeFile(path("mp4", MINUTES[1]), "x", { flag: "a" });
  const { faults } = await check();
  expect(faults).toEqual([
    expect.stringMatching(`^${MINUTES[0]} the mp4 cannot be read: .*not within the file`),
    expect.stringMatching(`^${MINUTES[1]} the mp4 cannot be read: 1 bytes follow the media data`),
  ]);
});

test("an mp4 under the name of another minute is a fault", async () => {
  for (const kind of ["mp4", "preview", "thumbnail"] as const) await rename(path(kind), path(kind, `${DAY}.1500`));
  expect((await check()).faults).toEqual([
    `${DAY}.1500 the mp4 cannot be read: its first picture was taken in ${MINUTES[0]}, not in ${DAY}.1500`,
  ]);
});

test("damage within a sample is found by reading all of them, and by nothing less", async () => {
  const file = await open(path("mp4"), "r+");
  const { offsets } = (await readMinute(file)).video;
  await file.write(Buffer.from([0x7f]), 0, 1, offsets.at(-1) as number);
  await file.close();
  expect((await check()).faults).toEqual([]);
  const last = offsets.length - 1;
  expect((await check({ isDeep: true })).faults).toEqual([
    `${MINUTES[0]} the mp4 cannot be read: the NAL units of sample ${last} do not fill it`,
  ]);
});

test("sound beside the video is no fault, and samples of it that lie elsewhere are one", async () => {
  const startUs = (minuteStartUs(MINUTES[0]) as number) + 1000;
  const mp4 = foreignMovie({ startUs, maps: ["sound", "video"] });
  await writeFile(path("mp4"), mp4);
  expect((await check({ isDeep: true })).faults).toEqual([]);
  mp4.writeUInt32BE(mp4.length - 5, mp4.indexOf("stco") + 12); // offset of the first sound sample
  await writeFile(path("mp4"), mp4);
  expect((await check()).faults).toEqual([expect.stringContaining("not within the file")]);
});

test("pictures that are missing, empty, cut short or without a video are faults", async () => {
  await rm(path("preview"));
  await truncate(path("thumbnail"), 100);
  await truncate(path("preview", MINUTES[1]), 0);
  await cp(path("thumbnail", MINUTES[1]), path("thumbnail", `${DAY}.1500`));
  expect((await check()).faults).toEqual([
    `${MINUTES[0]} the preview is missing`,
    `${MINUTES[0]} the thumbnail cannot be shown: it is cut short`,
    `${MINUTES[1]} the preview cannot be shown: it is empty`,
    `${DAY}.1500 a picture without a video`,
  ]);
});

test("what lies where nobody looks for it, or was left behind, is a fault; what is not ours, a note", async () => {
  const folder = dayFolder(directory, DAY);
  await rename(path("mp4"), join(folder, `other.${MINUTES[0]}.mp4`));
  await cp(path("mp4", MINUTES[1]), join(folder, "cam.20251125.0000.mp4"));
  const temporary = join(folder, `.cam.${MINUTES[1]}.mp4.0123456789ab.tmp`);
  await writeFile(temporary, "x");
  expect((await check()).faults, "one that is young").not.toContainEqual(expect.stringContaining("temporary"));
  await utimes(temporary, HOURS_AGO, HOURS_AGO);
  await writeFile(join(folder, "notes.txt"), "x");
  await writeFile(join(folder, `cam.${MINUTES[1]}.keep`), "");
  await writeFile(join(folder, `cam.${DAY}.1600.keep`), "");
  const { faults, notes } = await check();
  expect(faults).toContain(`${MINUTES[0]} no camera of this name records into this folder`);
  expect(faults).toContain("20251125.0000 it lies in the folder of another day");
  expect(faults).toContain(`${MINUTES[1]} a temporary file was left behind for more than an hour`);
  expect(notes.sort()).toEqual([
    `${DAY} not a file of Hindsight`,
    `${DAY}.1600 a mark keeps a minute that is not there`,
  ]);
});

test("a chunk in quarantine is a fault, with the reason", async () => {
  const chunk = join(quarantineFolder(directory), `cam.${DAY}.1501.chunk`);
  await writeChunk(chunk, { units: await unitsOf(`${DAY}.1501`) });
  await writeFile(`${chunk}.json`, JSON.stringify({ reason: "damaged" }));
  expect((await check()).faults).toEqual([`${DAY}.1501 a chunk in quarantine: damaged`]);
});

test("a directory that is gone with the folder above it is a fault: its disk may be away", async () => {
  directory = join(root, "disk", "cam");
  expect((await check()).faults).toEqual([expect.stringContaining("see whether its disk is mounted")]);
});

test("repair makes pictures anew and converts what was left lying, and deletes no footage", async () => {
  const [preview, thumbnail] = await Promise.all([readFile(path("preview")), readFile(path("thumbnail"))]);
  await rm(path("preview"));
  await truncate(path("thumbnail"), 100);
  const late = `${DAY}.1434`;
  await putChunk(directory, late);
  const videos = await Promise.all(MINUTES.map((minute) => readFile(path("mp4", minute))));
  expect((await check()).faults).toHaveLength(3);
  const { outcomes, days } = await check({ isRepairing: true });
  expect(outcomes).toEqual(["repaired", "repaired", "repaired"]);
  expect(days).toEqual([expect.objectContaining({ minutes: 3, waiting: 1, faults: 0, repaired: 3 })]);
  expect(await readFile(path("preview"))).toEqual(preview);
  expect(await readFile(path("thumbnail"))).toEqual(thumbnail);
  expect(await Promise.all(MINUTES.map((minute) => readFile(path("mp4", minute))))).toEqual(videos);
  const file = await open(path("mp4", late), "r");
  expect((await readMinute(file)).video.sizes).toHaveLength((await clip()).length);
  await file.close();
  const { faults } = await check({ isDeep: true });
  expect(faults).toEqual([]);
  expect(await readdir(dayFolder(directory, DAY))).toHaveLength(9);
});

test("repair leaves what it cannot mend where it is, and says so", async () => {
  const bytes = await readFile(path("mp4"));
  await writeFile(path("mp4"), bytes.subarray(0, bytes.length - 1));
  await rm(path("preview"));
  const { faults, outcomes } = await check({ isRepairing: true });
  expect(faults).toHaveLength(2);
  expect(outcomes).toEqual([]);
  expect(existsSync(path("mp4"))).toBe(true);
});

function fsck(...options: string[]) {
  const script = fileURLToPath(new URL("../fsck.ts", import.meta.url));
  const env = { PATH: process.env.PATH, NVR_CONFIG: join(root, "config", "nvr.json") };
  return spawnSync(process.execPath, ["--import", "tsx", script, ...options], { encoding: "utf8", env });
}

test("the command tells faults, days and a sum, ends with 0, 1 or 2, and can be asked of one camera", async () => {
  await mkdir(join(root, "config"));
  const cameras = { cam: { url: "rtsp://192.0.2.1/" }, new: { url: "rtsp://192.0.2.1/" } };
  await writeFile(join(root, "config", "nvr.json"), JSON.stringify({ storage: { root }, cameras }));
  await rm(path("preview"));
  const broken = fsck("cam");
  expect(broken.stdout).toContain(`FAULT cam ${MINUTES[0]}: the preview is missing: ${path("preview")}\n`);
  expect(broken.stdout).toContain(`cam ${DAY}: 2 minutes, 1 gap (58 s), 1 fault\n2 minutes, 1 gap, 1 fault\n`);
  expect(broken.status).toBe(1);
  const mended = fsck("--repair", "--deep");
  expect(mended.stdout).toContain("2 minutes, 1 gap, 0 faults, 1 repaired");
  expect(mended.status).toBe(0);
  expect(existsSync(path("preview"))).toBe(true);
  expect(fsck("nobody").status).toBe(2);
});
