import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import { ChunkPlanner, type ChunkStep } from "../chunk/chunk-planner.ts";
import { CaptureClock } from "../clock/capture-clock.ts";
import { AccessUnitBuffer } from "../rtp/access-unit-buffer.ts";
import { SimulatedClock } from "./simulated-clock.ts";

/** Sends a camera's frames through clock, buffer and planner in simulated time. */
export class Recording {
  readonly clock: SimulatedClock;
  readonly capture: CaptureClock;
  readonly planner: ChunkPlanner;
  readonly buffer = new AccessUnitBuffer(64 * 1024 * 1024);
  #sent = 0;

  /** @param start ISO time at which the first frame is captured */
  constructor(start: string) {
    this.clock = new SimulatedClock(Date.parse(start) * 1000);
    this.capture = new CaptureClock(this.clock, 90_000);
    this.planner = new ChunkPlanner(this.capture, H264.blockKind);
  }

  get sent(): number {
    return this.#sent;
  }

  /** Adds a frame that is captured and arrives `atUs` after the start; its data begins with its number. */
  frame(atUs: number, isKeyframe: boolean, size = 40, shownUs = atUs): void {
    this.clock.advanceTo(atUs);
    const data = Buffer.alloc(Math.max(5, size), this.#sent & 0xff);
    data[0] = isKeyframe ? 0x65 : 0x41;
    data.writeUInt32BE(this.#sent++, 1);
    this.buffer.begin();
    this.buffer.beginNal();
    this.buffer.append(data, 0, data.length);
    this.buffer.commit(
      this.capture.unwrap(Math.round(1_000_000_000 + shownUs * 0.09) % 2 ** 32, isKeyframe),
      isKeyframe,
    );
    this.capture.observe();
  }

  /** The steps for the frames that came since the last call. */
  flush(): ChunkStep[] {
    const batch = this.buffer.take();
    return batch === undefined ? [] : this.planner.plan(batch);
  }

  /** `seconds` of frames every `intervalUs`, with a keyframe every `gop`, flushed each second. */
  *run(seconds: number, gop: number, intervalUs = 200_000, size = 40): Generator<ChunkStep[]> {
    const first = this.#sent;
    const startUs = this.clock.nowUs === 0 ? 0 : this.clock.nowUs + intervalUs;
    for (let n = 0; n * intervalUs < seconds * 1_000_000; n++) {
      this.frame(startUs + n * intervalUs, (this.#sent - first) % gop === 0, size);
      if ((n * intervalUs) % 1_000_000 === 800_000) yield this.flush();
    }
    yield this.flush();
  }
}

/** A block as stored in a chunk. */
export interface ReadBlock {
  kind: number;
  timeUs: number;
  data: Buffer;
}

/** All whole blocks of a chunk, parsed only by the table of docs/storage.md; `rest` is what follows the last. */
export function readBlocks(bytes: Buffer): { blocks: ReadBlock[]; rest: number } {
  const blocks: ReadBlock[] = [];
  let at = 0;
  while (at + 17 <= bytes.length) {
    const length = Number(bytes.readBigUInt64BE(at + 1));
    if (at + 17 + length > bytes.length) break;
    const data = bytes.subarray(at + 17, at + 17 + length);
    blocks.push({ kind: bytes[at] as number, timeUs: Number(bytes.readBigUInt64BE(at + 9)), data });
    at += 17 + length;
  }
  return { blocks, rest: bytes.length - at };
}

/** The number that `Recording.frame` wrote into a block's data. */
export function frameNumber(block: ReadBlock): number {
  return block.data.readUInt32BE(5);
}

/** The chunks below a camera's directory by name, those of one minute in the order of their parts. */
export async function readChunks(directory: string): Promise<Map<string, ReturnType<typeof readBlocks>>> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".chunk"));
  const key = (name: string) => basename(name).replace(/^(\w+\.\d+\.\d+)\.chunk$/, "$1.1.chunk");
  names.sort((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }));
  const chunks = new Map<string, ReturnType<typeof readBlocks>>();
  for (const name of names) chunks.set(basename(name), readBlocks(await readFile(join(directory, name))));
  return chunks;
}
