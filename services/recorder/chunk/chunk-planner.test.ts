import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minuteAt } from "../../../shared/time/minute.ts";
import { type ReadBlock, Recording, readBlocks } from "../testing/recording.ts";
import type { ChunkStep } from "./chunk-planner.ts";

interface PlannedChunk {
  minute: string;
  clockOffsetUs: number;
  blocks: ReadBlock[];
  endUs?: number;
}

/** The chunks that the steps produce. */
function carryOut(steps: ChunkStep[]): PlannedChunk[] {
  const chunks: PlannedChunk[] = [];
  let isOpen = false;
  for (const step of steps) {
    expect(isOpen).toBe(step.kind !== "open");
    if (step.kind === "open") chunks.push({ minute: step.minute, clockOffsetUs: step.clockOffsetUs, blocks: [] });
    const chunk = chunks.at(-1) as PlannedChunk;
    if (step.kind === "close") chunk.endUs = step.endUs;
    isOpen = step.kind !== "close";
    if (step.kind !== "write") continue;
    const { blocks, rest } = readBlocks(step.bytes.subarray(step.start, step.end));
    expect(rest).toBe(0);
    let at = step.start;
    expect(step.blockEnds).toEqual(blocks.map(({ data }) => (at += 17 + data.length)));
    chunk.blocks.push(...blocks);
  }
  return chunks;
}

const isKeyframe = (block: ReadBlock | undefined) => block?.data[4] === 0x65;

function planAll(recording: Recording, ...runs: Iterable<ChunkStep[]>[]): PlannedChunk[] {
  const steps: ChunkStep[] = [];
  for (const run of runs) for (const some of run) steps.push(...some);
  return carryOut([...steps, ...recording.planner.end()]);
}

describe("ChunkPlanner", () => {
  test("rotates at the first keyframe at or after the minute, never earlier, and names chunks for where they begin", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(59_999), (gop, startMs) => {
        const recording = new Recording(new Date(Date.UTC(2026, 6, 1, 12) + startMs).toISOString());
        const chunks = planAll(recording, recording.run(200, gop));
        expect(chunks.reduce((sum, chunk) => sum + chunk.blocks.length, 0)).toBe(recording.sent);
        for (const [n, chunk] of chunks.entries()) {
          const first = chunk.blocks[0] as ReadBlock;
          expect(isKeyframe(first)).toBe(true);
          expect(chunk.minute).toBe(minuteAt(first.timeUs));
          for (const block of chunk.blocks) if (isKeyframe(block)) expect(minuteAt(block.timeUs)).toBe(chunk.minute);
          const next = chunks[n + 1]?.blocks[0]?.timeUs;
          if (next !== undefined) expect(chunk.endUs).toBe(next);
        }
        expect(new Set(chunks.map((chunk) => chunk.minute)).size).toBe(chunks.length);
      }),
      { numRuns: 20 },
    );
  });

  test("a keyframe at the very minute begins the new one", () => {
    const recording = new Recording("2026-07-01T11:59:58.000Z");
    expect(planAll(recording, recording.run(4, 10)).map((chunk) => chunk.minute)).toEqual([
      "20260701.1159",
      "20260701.1200",
    ]);
  });

  test("a GOP longer than a minute stays in its file; minutes within it have none", () => {
    const recording = new Recording("2026-07-01T12:00:30Z");
    const chunks = planAll(recording, recording.run(400, 150 * 5));
    expect(chunks.map((chunk) => chunk.minute)).toEqual(["20260701.1200", "20260701.1203", "20260701.1205"]);
    expect(chunks[0]?.blocks).toHaveLength(750);
  });

  test.each([
    ["2024-02-28T23:59:30Z", ["20240228.2359", "20240229.0000"]],
    ["2024-02-29T23:59:30Z", ["20240229.2359", "20240301.0000"]],
    ["2026-02-28T23:59:30Z", ["20260228.2359", "20260301.0000"]],
    ["2028-02-29T23:59:30Z", ["20280229.2359", "20280301.0000"]],
    ["2100-02-28T23:59:30Z", ["21000228.2359", "21000301.0000"]],
    ["2026-12-31T23:59:30Z", ["20261231.2359", "20270101.0000"]],
    ["2026-10-25T00:59:30Z", ["20261025.0059", "20261025.0100"]],
  ])("month, year and leap day ends: from %s on %j", (start, minutes) => {
    const recording = new Recording(start);
    expect(planAll(recording, recording.run(60, 10)).map((chunk) => chunk.minute)).toEqual(minutes);
  });

  test.each([3600, -3600])(
    "a wall clock stepped by %i s ends the chunk at the next keyframe, and nothing is lost",
    (seconds) => {
      const recording = new Recording("2026-07-01T12:00:05Z");
      const before = [...recording.run(20, 10)];
      recording.clock.wallStepUs = seconds * 1e6;
      const chunks = planAll(recording, before, recording.run(20, 10));
      expect(chunks.map((chunk) => chunk.minute)).toEqual([
        "20260701.1200",
        seconds > 0 ? "20260701.1300" : "20260701.1100",
      ]);
      const [first, second] = chunks as [PlannedChunk, PlannedChunk];
      expect(first.blocks.length + second.blocks.length).toBe(recording.sent);
      expect(isKeyframe(second.blocks[0])).toBe(true);
      expect(first.endUs).toBe((first.blocks.at(-1)?.timeUs ?? 0) + 200_000);
      expect(Math.abs(second.clockOffsetUs - first.clockOffsetUs - seconds * 1e6)).toBeLessThan(2000);
    },
  );

  test("the last frame lasts as long as the one before it, also when B-frames come after it", () => {
    const plain = new Recording("2026-07-01T12:00:05Z");
    for (const [n, shown] of [0, 3, 1, 2, 6, 4, 5].entries())
      plain.frame(400_000 + n * 40_000, n === 0, 40, shown * 40_000);
    const [chunk] = carryOut([...plain.flush(), ...plain.planner.end()]);
    const times = chunk?.blocks.map((block) => block.timeUs) ?? [];
    expect(times.map((time) => Math.round((time - (times[0] ?? 0)) / 40_000))).toEqual([0, 3, 1, 2, 6, 4, 5]);
    expect((chunk?.endUs ?? 0) - Math.max(...times)).toBeLessThan(40_100);
  });

  test("of each batch the last write alone sets its bytes free, however many chunks it is spread over", () => {
    const recording = new Recording("2026-07-01T12:00:59Z");
    for (let n = 0; n < 20; n++) recording.frame(n * 200_000, n % 4 === 0);
    const writes = recording.flush().flatMap((step) => (step.kind === "write" ? [step] : []));
    expect(writes.map((write) => write.isLastOfBatch)).toEqual([false, true]);
    expect(new Set(writes.map((write) => write.bytes)).size).toBe(1);
  });

  test("without a frame there is nothing to open or close", () => {
    expect(new Recording("2026-07-01T12:00:00Z").planner.end()).toEqual([]);
  });
});
