import { ChunkPlanner, type ChunkStep } from "../../services/recorder/chunk/chunk-planner.ts";
import { CaptureClock } from "../../services/recorder/clock/capture-clock.ts";
import { SimulatedClock } from "../../services/recorder/testing/simulated-clock.ts";
import { BLOCK_HEADER_BYTES, BlockKind, writeBlockHeader } from "../../shared/chunk/format.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import type { Minute } from "../../shared/time/minute.ts";
import { SessionReceiver } from "./session-receiver.ts";
import { must } from "./target.ts";

/** A chunk as it would be on the disk. */
export interface MemoryChunk {
  minute: Minute;
  bytes: Buffer;
}

/** How bytes become chunks. */
export interface ChunkingOptions {
  videoChannel: number;
  maxBufferBytes: number;
  /** Simulated time between two reads, and the number of reads between two flushes. */
  readIntervalUs: number;
  readsPerFlush: number;
}

/** The complete path of a session from its socket to its chunks, with an in-memory disk and simulated time. */
export class ChunkingSession {
  readonly chunks: MemoryChunk[] = [];
  readonly receiver: SessionReceiver;
  frames = 0;
  readonly #clock = new SimulatedClock(Date.parse("2026-02-28T23:59:58.500Z") * 1000);
  readonly #capture = new CaptureClock(this.#clock, 90_000);
  readonly #planner = new ChunkPlanner(this.#capture, H264.blockKind);
  readonly #options: ChunkingOptions;
  #open: { minute: Minute; blocks: Buffer[] } | undefined;
  #reads = 0;

  constructor(options: ChunkingOptions) {
    this.#options = options;
    this.receiver = new SessionReceiver({
      ...options,
      unwrap: (timestamp, isKeyframe) => this.#capture.unwrap(timestamp, isKeyframe),
      frame: () => {
        this.frames++;
      },
    });
  }

  /** Takes a read. Throws errors that end a session. */
  push(bytes: Buffer, length: number): void {
    this.#clock.advanceTo(this.#clock.nowUs + this.#options.readIntervalUs);
    this.receiver.push(bytes, length);
    this.#capture.observe();
    if (++this.#reads % this.#options.readsPerFlush === 0 && this.#capture.isSettled) this.#flush();
  }

  /** The session is over: writes the rest and closes the chunk. */
  end(): void {
    this.receiver.end();
    this.#flush();
    this.#carryOut(this.#planner.end());
    must(this.#open === undefined, "a chunk that was not closed");
  }

  #flush(): void {
    const batch = this.receiver.buffer.take();
    if (batch === undefined) return;
    this.#carryOut(this.#planner.plan(batch));
    this.receiver.buffer.recycle(batch.bytes.fill(0xdd));
  }

  #carryOut(steps: ChunkStep[]): void {
    for (const step of steps) {
      if (step.kind === "open") {
        must(this.#open === undefined, "a chunk was opened before the one before it was closed");
        const { minute, clockOffsetUs } = step;
        const origin = Buffer.from(JSON.stringify({ recorder: "fuzz", session: 1, boot: "boot", clockOffsetUs }));
        this.#open = { minute, blocks: [block(BlockKind.origin, this.#clock.wallUs(), origin)] };
      } else if (step.kind === "write") {
        must(this.#open !== undefined, "written before a chunk was opened");
        this.#open.blocks.push(Buffer.from(step.bytes.subarray(step.start, step.end)));
      } else if (step.kind === "close") {
        must(this.#open !== undefined, "closed before a chunk was opened");
        const { minute, blocks } = this.#open;
        this.chunks.push({ minute, bytes: Buffer.concat([...blocks, block(BlockKind.end, step.endUs)]) });
        this.#open = undefined;
      }
    }
  }
}

function block(kind: number, timeUs: number, data = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  writeBlockHeader(header, 0, { kind, length: data.length, timeUs });
  return Buffer.concat([header, data]);
}
