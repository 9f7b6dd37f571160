import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { minuteAt } from "../../../shared/time/minute.ts";
import { atPace, makeClip, origin, writeChunk } from "../../../tests/support/chunk-maker.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";

const CAMERA = "front-door";
const START_US = Date.UTC(2025, 10, 24, 14) * 1000;
const MINUTES = 150;
/** An mp4 for each minute, except for the last ones, which are chunks. */
const CHUNKS = 30;
const LIMIT = 200;
let store: StoreFixture;

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  const directory = store.directory(CAMERA);
  const clip = await makeClip();
  for (let i = 0; i < MINUTES; i++) {
    const startUs = START_US + i * 60e6;
    const minute = minuteAt(startUs);
    if (i < MINUTES - CHUNKS) {
      store.write(minutePath(directory, CAMERA, minute, "mp4"), await realMinute(minute));
      continue;
    }
    const path = chunkPath(directory, CAMERA, minute, 1);
    await writeChunk(path, { units: atPace(clip, startUs), origin: origin(), openedUs: startUs, endUs: startUs + 2e6 });
  }
});
afterAll(() => store.remove());

/** Lays out three ranges in a process that may open LIMIT files; returns how many mp4s and chunks it keeps open. */
async function heldBy(ranges: number): Promise<{ mp4s: number; chunks: number }> {
  const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { readdirSync, readlinkSync } from "node:fs";
    import { Catalog } from ${here("../../../shared/catalog/catalog.ts")};
    import { StoreFiles } from ${here("../../../shared/disk/store-files.ts")};
    import { Ranges } from ${here("./ranges.ts")};
    const camera = { id: "${CAMERA}", directory: ${JSON.stringify(store.directory(CAMERA))} };
    const current = { storage: { root: ${JSON.stringify(store.root)} }, cameras: new Map([[camera.id, camera]]) };
    const logger = { warn: console.error };
    const files = new StoreFiles();
    const ranges = new Ranges({ files, catalog: new Catalog(files, { current }, logger), logger });
    const request = { camera: camera.id, startUs: ${START_US}, endUs: ${START_US + (MINUTES - 1) * 60e6 + 1e6}, gaps: "skip" };
    const held = [];
    for (let i = 0; i < ${ranges}; i++) held.push(await ranges.layOut(request, new AbortController().signal));
    const open = readdirSync("/proc/self/fd").map((fd) => { try { return readlinkSync("/proc/self/fd/" + fd); } catch { return ""; } });
    const count = (end) => open.filter((path) => path.endsWith(end)).length;
    console.log(JSON.stringify({ mp4s: count(".mp4"), chunks: count(".chunk") }));
    process.exit(held.length === ${ranges} ? 0 : 1);`;
  const command = `ulimit -n ${LIMIT}; exec "$0" --import tsx --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", command, process.execPath, script]);
  return JSON.parse(stdout);
}

describe("the files that ranges hold open", () => {
  it("are half of what the process may have at most, with room left for chunks, which are deleted soon", async () => {
    expect(await heldBy(1)).toEqual({ mp4s: LIMIT / 2 - LIMIT / 10, chunks: LIMIT / 10 });
    expect(await heldBy(3)).toEqual({ mp4s: LIMIT / 2 - LIMIT / 10, chunks: LIMIT / 10 });
  });
});
