import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bundleScript, traceScript } from "../../../shared/testing/run-script.ts";
import { frameNumber, Recording, readChunks } from "../testing/recording.ts";
import { recordingDisks } from "../testing/recording-disks.ts";
import { ChunkRecorder } from "./chunk-recorder.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "chunks-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const H264 = 0;
const END = 255;
const counted = (count: number) => Array.from({ length: count }, (_, n) => n);

function record(recording: Recording) {
  const told = { closed: [] as string[], trouble: [] as (string | undefined)[] };
  const disks = recordingDisks();
  const recorder = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 16 * 1024 * 1024,
    syncIntervalMs: 5000,
    disks,
    closed: (minute) => told.closed.push(minute),
    trouble: (error) => told.trouble.push(error?.message),
  });
  recorder.begin({
    origin: { recorder: "host:1:abc", session: 1, boot: "boot" },
    written: (bytes) => recording.buffer.recycle(bytes.fill(0xdd)),
  });
  return { recorder, told, disks };
}

async function numbersWritten(): Promise<number[]> {
  const chunks = [...(await readChunks(directory)).values()];
  return chunks.flatMap(({ blocks }) => blocks.filter(({ kind }) => kind === H264).map(frameNumber));
}

/** A promise that the test resolves by `release`. */
function hold(): { held: Promise<void>; release(): void } {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { held, release };
}

describe("ChunkRecorder", () => {
  test("while syncs do not come back, frames are written, and chunks ended and begun; a chunk is told closed when it is durable", async () => {
    const recording = new Recording("2026-07-01T12:00:55Z");
    const { recorder, told, disks } = record(recording);
    const { held, release } = hold();
    const disk = await disks.of(directory);
    for (let n = 0; n < 10; n++) void disk.sync(() => held); // a disk whose syncs take their time
    let nowMs = 0;
    for (const steps of recording.run(70, 5)) {
      recorder.push(steps);
      nowMs += 1000;
      recorder.tick(nowMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    recorder.push(recording.planner.end());
    await vi.waitFor(async () => expect(await numbersWritten()).toEqual(counted(recording.sent)), 10_000);
    await vi.waitFor(async () => {
      const ends = [...(await readChunks(directory)).values()].map(({ blocks }) => blocks.at(-1)?.kind);
      expect(ends).toEqual([END, END, END]);
    });
    expect(told).toEqual({ closed: [], trouble: [] });
    release();
    expect(await recorder.stop(10_000)).toBe(0);
    expect(told.closed.sort()).toEqual(["20260701.1200", "20260701.1201", "20260701.1202"]);
    expect(told.trouble).toEqual([]);
  });

  test("a file that was deleted under the recorder is told at the next sync, and recording goes on in a new one", async () => {
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told } = record(recording);
    recorder.push([...recording.run(2, 5)].flat());
    await vi.waitFor(async () => expect(await numbersWritten()).toEqual(counted(10)), 10_000);
    await rm(join(directory, "20260701"), { recursive: true });
    recorder.push([...recording.run(2, 5)].flat());
    await vi.waitFor(() => {
      recorder.tick(performance.now() * 5000);
      expect(told.trouble).not.toEqual([]);
    });
    recorder.push([...recording.run(2, 5)].flat());
    recorder.push(recording.planner.end());
    expect(await recorder.stop(10_000)).toBe(0);
    expect(told.trouble[0]).toContain("its file was deleted");
    expect(told.trouble.at(-1)).toBe(undefined);
    expect(await numbersWritten()).toEqual(counted(30).slice(20));
  });

  test("so is one that was deleted before its chunk ended", async () => {
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told } = record(recording);
    recorder.push([...recording.run(2, 5)].flat());
    await vi.waitFor(async () => expect(await numbersWritten()).toEqual(counted(10)), 10_000);
    await rm(join(directory, "20260701"), { recursive: true });
    recorder.push([...recording.run(2, 5)].flat());
    recorder.push(recording.planner.end());
    expect(await recorder.stop(10_000)).toBe(0);
    expect(told.trouble).toEqual([expect.stringContaining("its file was deleted")]);
  });

  test("a session that ends on a disk that hangs lets go of its frames, and leaves the chunk as it was", async () => {
    const recording = new Recording("2026-07-01T12:00:05Z");
    const { recorder, told, disks } = record(recording);
    recorder.push([...recording.run(1, 5)].flat());
    await vi.waitFor(async () => expect(await numbersWritten()).toEqual(counted(5)), 10_000);
    const { held, release } = hold();
    void (await disks.of(directory)).write(() => held);
    const lost = [...recording.run(5, 5)].flat();
    recorder.push([...lost, ...recording.planner.end()]);
    expect(await recorder.stop(50)).toBe(25 * (17 + 4 + 40));
    release();
    await vi.waitFor(() => expect(told.closed).toHaveLength(1), 10_000);
    expect(await numbersWritten()).toEqual(counted(10)); // the pending write succeeded
    const [chunk] = (await readChunks(directory)).values();
    expect(chunk).toMatchObject({ rest: 0 });
    expect(chunk?.blocks.at(-1)?.kind).toBe(H264);
  });

  test("after a sync that failed the chunk ends there, that is told until a sync succeeds, and the next part goes on (strace injects)", async () => {
    const module = (name: string) => JSON.stringify(join(import.meta.dirname, name));
    const script = await bundleScript(
      `import { writeFileSync } from "node:fs";
      import { ChunkRecorder } from ${module("chunk-recorder.ts")};
      import { recordingDisks } from ${module("../testing/recording-disks.ts")};
      const trouble = [];
      const closed = [];
      const recorder = new ChunkRecorder({
        camera: "yard", directory: process.argv[2],
        maxBufferBytes: 1e6, syncIntervalMs: 5000, disks: recordingDisks(),
        closed: (minute) => closed.push(minute), trouble: (error) => trouble.push(error?.message ?? "over"),
      });
  recorder.begin({ origin: { recorder: "host:1:abc", session: 1, boot: "boot" }, written: () => {} });
      const push = async (step) => { recorder.push([step]); await recorder.stop(10000); };
      const write = (text) => push({ kind: "write", bytes: Buffer.from(text), start: 0, end: text.length, blockEnds: [text.length], isLastOfBatch: true });
      const tick = async (nowMs) => { recorder.tick(nowMs); await recorder.stop(10000); };
      await push({ kind: "open", minute: "20260701.1200", clockOffsetUs: 0 });
      await write("frame-A");
      await tick(10000);
      await write("frame-B");
      trouble.push("B is written");
      await tick(15000);
      await push({ kind: "close", endUs: 1 });
      writeFileSync(process.argv[2] + "/told.json", JSON.stringify({ trouble, closed }));`,
    );
    const first = join(directory, "20260701", "yard.20260701.1200.chunk");
    const faults = ["-P", first, "-e", "inject=fdatasync:error=EIO"];
    await traceScript(script, [directory], ["fdatasync"], faults);
    await rm(dirname(script), { recursive: true });
    const told = JSON.parse(await readFile(join(directory, "told.json"), "utf8")) as Record<string, string[]>;
    expect(told.closed).toEqual(["20260701.1200", "20260701.1200"]);
    expect(told.trouble).toEqual([
      expect.stringMatching(/what was written in the last 5 s may be lost \(EIO: i\/o error, fdatasync\)/),
      "B is written",
      "over",
    ]);
    expect((await readFile(first)).includes("frame-A")).toBe(true);
    expect((await readFile(first)).includes("frame-B")).toBe(false);
    expect((await readFile(first.replace(".chunk", ".2.chunk"))).includes("frame-B")).toBe(true);
  });
});
