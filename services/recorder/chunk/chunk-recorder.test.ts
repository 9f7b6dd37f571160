import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bundleScript, traceScript } from "../../../shared/testing/run-script.ts";
import { frameNumber, Recording, readChunks } from "../testing/recording.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import type { ChunkStep } from "./chunk-planner.ts";
import { ChunkRecorder, type ChunkRecorderOptions } from "./chunk-recorder.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "chunks-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ORIGIN = { recorder: "host:1:abc", session: 1, boot: "boot" };
const H264 = 0;
const ORIGIN_KIND = 254;
const END = 255;

/** A recorder of chunks, and what it reported. */
function record(recording: Recording | undefined, changes: Partial<ChunkRecorderOptions> = {}) {
  const told = { closed: [] as string[], trouble: [] as (string | undefined)[] };
  const recorder = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 16 * 1024 * 1024,
    syncIntervalMs: 5000,
    disks: recordingDisks(),
    closed: (minute) => told.closed.push(minute),
    trouble: (error) => told.trouble.push((error as NodeJS.ErrnoException | undefined)?.code),
    ...changes,
  });
  recorder.begin({ origin: ORIGIN, written: (bytes) => recording?.buffer.recycle(bytes.fill(0xdd)) });
  return { recorder, told };
}

async function frames(): Promise<{ numbers: number[]; names: string[]; torn: number; ended: boolean[] }> {
  const chunks = await readChunks(directory);
  const all = [...chunks.values()];
  for (const { blocks } of all) {
    expect(blocks[0]?.kind).toBe(ORIGIN_KIND);
    expect(blocks.slice(1).every(({ kind }, n, rest) => kind === H264 || (kind === END && n === rest.length - 1))).toBe(
      true,
    );
  }
  const numbers = all.flatMap(({ blocks }) => blocks.filter(({ kind }) => kind === H264).map(frameNumber));
  const torn = all.filter(({ rest }) => rest > 0).length;
  return { numbers, names: [...chunks.keys()], torn, ended: all.map(({ blocks }) => blocks.at(-1)?.kind === END) };
}

const counted = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("ChunkRecorder", () => {
  test("every access unit is in the files once and in order, across minutes, though buffers are used again", async () => {
    const recording = new Recording("2026-12-31T23:58:50Z");
    const { recorder, told } = record(recording);
    for (const steps of recording.run(150, 7, 40_000, 3000)) {
      recorder.push(steps);
      await new Promise((resolve) => setImmediate(resolve));
    }
    recorder.push(recording.planner.end());
    expect(await recorder.stop(10_000)).toBe(0);
    const found = await frames();
    expect(found).toMatchObject({ numbers: counted(recording.sent), torn: 0, ended: [true, true, true, true] });
    expect(found.names).toEqual([
      "yard.20261231.2358.chunk",
      "yard.20261231.2359.chunk",
      "yard.20270101.0000.chunk",
      "yard.20270101.0001.chunk",
    ]);
    expect(told.closed.sort()).toEqual(["20261231.2358", "20261231.2359", "20270101.0000", "20270101.0001"]);
    expect(told.trouble).toEqual([]);
  });

  test("a recorder that was frozen writes nothing into a chunk that was converted and removed meanwhile", async () => {
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told } = record(recording);
    const [first, ...rest] = [...recording.run(6, 50)] as [ChunkStep[], ...ChunkStep[][]];
    recorder.push(first);
    await vi.waitFor(async () => expect((await frames()).numbers).toEqual(counted(5)));
    const converted = await frames();
    await rm(join(directory, "20260701"), { recursive: true });
    const nowMs = performance.now();
    const frozen = vi.spyOn(performance, "now").mockImplementation(() => nowMs + 40_000);
    for (const steps of rest) recorder.push(steps);
    recorder.push(recording.planner.end());
    expect(await recorder.stop(10_000)).toBe(0);
    frozen.mockRestore();
    const after = await frames();
    expect([...converted.numbers, ...after.numbers]).toEqual(counted(recording.sent));
    expect(told).toEqual({ closed: ["20260701.1200"], trouble: [] });
  });

  test("the origin block says who recorded by which clock, the end block where the last frame ends", async () => {
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder } = record(recording);
    for (const steps of recording.run(3, 5)) recorder.push(steps);
    recorder.push(recording.planner.end());
    await recorder.stop(10_000);
    const [chunk] = (await readChunks(directory)).values();
    const origin = JSON.parse(chunk?.blocks[0]?.data.toString() ?? "");
    expect(origin).toEqual({ ...ORIGIN, clockOffsetUs: recording.capture.wallOffsetUs });
    const last = chunk?.blocks.at(-2)?.timeUs ?? 0;
    expect(chunk?.blocks.at(-1)).toMatchObject({ kind: END, timeUs: last + 200_000, data: Buffer.alloc(0) });
  });

  test("a name that is taken is left as it is, and the next part taken (restart, wall clock stepped back)", async () => {
    const taken = join(directory, "20260701", "yard.20260701.1200.chunk");
    await mkdir(dirname(taken));
    await writeFile(taken, "of another recorder");
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told } = record(recording);
    for (const steps of recording.run(10, 5)) recorder.push(steps);
    recording.clock.wallStepUs = -3_000_000;
    for (const steps of recording.run(10, 5)) recorder.push(steps);
    recording.clock.wallStepUs = 3_600_000_000;
    for (const steps of recording.run(10, 5)) recorder.push(steps);
    recording.clock.wallStepUs = 0;
    for (const steps of recording.run(10, 5)) recorder.push(steps);
    recorder.push(recording.planner.end());
    expect(await recorder.stop(10_000)).toBe(0);
    expect(await readFile(taken, "utf8")).toBe("of another recorder");
    await rm(taken);
    const { names, numbers } = await frames();
    const parts = [2, 3, 4].map((part) => `yard.20260701.1200.${part}.chunk`);
    expect(names).toEqual([...parts, "yard.20260701.1300.chunk"]);
    expect([...numbers].sort((a, b) => a - b)).toEqual(counted(recording.sent));
    expect(told.trouble).toEqual([]);
  });

  test("what is held in memory is bounded: whole buffers count, and room comes back with the disk", async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, "no directory"); // so that nothing can be written
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told } = record(recording, { maxBufferBytes: 1024 * 1024 });
    const pushed: ChunkStep[] = [];
    for (const steps of recording.run(60, 5)) {
      const [write] = steps.flatMap((step) => (step.kind === "write" ? [step] : []));
      if (write === undefined || !recorder.hasRoomFor(write.bytes.length)) break;
      pushed.push(...steps);
      recorder.push(steps);
      await until(() => told.trouble.length > 0);
    }
    const held = pushed.reduce((sum, step) => sum + (step.kind === "write" ? step.bytes.length : 0), 0);
    expect(held).toBe(1024 * 1024);
    expect(recorder.hasRoomFor(1)).toBe(false);
    await until(() => told.trouble.length > 0);
    await rm(directory);
    await until(() => told.trouble.at(-1) === undefined);
    expect(new Set(told.trouble.slice(0, -1)).size).toBe(1);
    await until(() => recorder.hasRoomFor(1024 * 1024)); // asking while there is none reports a slow disk
    recorder.push(recording.planner.end());
    await recorder.stop(10_000);
    expect((await frames()).numbers).toEqual(counted(4 * 5));
  });

  test("a disk that is slow but raises no error is told once, until nothing waits any more", async () => {
    const recording = new Recording("2026-07-01T12:00:05Z");
    const told: (string | undefined)[] = [];
    const changes = { maxBufferBytes: 1024 * 1024, trouble: (error?: Error) => told.push(error?.message) };
    const { recorder } = record(recording, changes);
    for (const steps of recording.run(4, 5)) recorder.push(steps); // nothing is written before this test awaits
    for (let n = 0; n < 3; n++) expect(recorder.hasRoomFor(1)).toBe(false);
    expect(told).toEqual(["the disk does not keep up and frames are dropped"]);
    await until(() => told.length > 1);
    expect(told.slice(1)).toEqual([undefined]);
    expect(recorder.hasRoomFor(1024 * 1024)).toBe(true);
    recorder.push(recording.planner.end());
    await recorder.stop(10_000);
    expect((await frames()).numbers).toEqual(counted(recording.sent));
  });

  test("a disk that fails for good is given up at the limit, and how much is told", async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, "no directory");
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told } = record(recording);
    for (const steps of recording.run(2, 5)) recorder.push(steps);
    recorder.push(recording.planner.end());
    expect(await recorder.stop(200)).toBe(10 * (17 + 4 + 40));
    expect(told.closed).toEqual([]);
  });

  test("written is made durable at each sync interval and at the close, and a new name at once (strace is the witness)", async () => {
    const script = await bundleScript(
      `import { ChunkRecorder } from ${JSON.stringify(join(import.meta.dirname, "chunk-recorder.ts"))};
      import { recordingDisks } from ${JSON.stringify(join(import.meta.dirname, "../testing/recording-disks.ts"))};
      const recorder = new ChunkRecorder({
        camera: "yard", directory: process.argv[2], maxBufferBytes: 1e6, syncIntervalMs: 5000,
        disks: recordingDisks(),
        closed: () => {}, trouble: (error) => { throw error; },
      });
  recorder.begin({ origin: ${JSON.stringify(ORIGIN)}, written: () => {} });
      const push = async (step) => { recorder.push([step]); await recorder.stop(10000); };
      const write = (text) => push({ kind: "write", bytes: Buffer.from(text), start: 0, end: text.length, blockEnds: [text.length], isLastOfBatch: true });
      const tick = async (nowMs) => { recorder.tick(nowMs); await recorder.stop(10000); };
      await push({ kind: "open", minute: "20260701.1200", clockOffsetUs: 0 });
      await write("frame-A");
      await tick(10000);
      await write("frame-B");
      await tick(10000);
      await write("frame-C");
      await tick(15000);
      await tick(20000);
      await push({ kind: "close", endUs: 1 });`,
    );
    const calls = await traceScript(script, [directory], ["write", "pwrite64", "fsync", "fdatasync", "close"]);
    await rm(dirname(script), { recursive: true });
    const own = calls.filter((call) => call.includes(directory));
    const told = own.map((call) => {
      const name = /\w+(?=\()/.exec(call)?.[0].replace("pwrite64", "write");
      return name === "close" && !call.includes(".chunk") ? "" : `${name}${/frame-./.exec(call)?.[0] ?? ""}`;
    });
    expect(told.filter((name) => name !== "")).toEqual([
      "write",
      "fsync", // the folder that the day's new folder lies in
      "fsync", // the day's folder
      "writeframe-A",
      "fdatasync",
      "writeframe-B",
      "writeframe-C",
      "fdatasync",
      "write",
      "fdatasync",
      "close",
    ]);
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
}
