import type { ChunkOrigin } from "../../../shared/chunk/format.ts";
import type { Minute } from "../../../shared/time/minute.ts";
import type { GopPlace } from "../live/newest-gop.ts";
import { ChunkFile } from "./chunk-file.ts";
import type { ChunkStep, WriteStep } from "./chunk-planner.ts";

/** What the recorder of a camera's chunks is given. */
export interface ChunkRecorderOptions {
  camera: string;
  directory: string;
  origin: Omit<ChunkOrigin, "clockOffsetUs">;
  /** What may wait in memory for the disk, bytes: whole buffers count, however little of them is used. */
  maxBufferBytes: number;
  /** What was written is durable at most so long after. */
  syncIntervalMs: number;
  /** Throws when nothing more should be written on the disk. */
  checkRoom(): void;
  /** A chunk was closed: it can be converted. Nothing is awaited. */
  closed(minute: Minute): void;
  /** The bytes of a write are no longer needed. */
  written(bytes: Buffer): void;
  /** The disk fails (again), or works again after it had failed. */
  trouble(error: Error | undefined): void;
}

const RETRY_MS = 1000;
/** Far less than a chunk must rest before it is taken for closed and converted. */
const FROZEN_MS = 10_000;

/**
 * Carries out the steps of a ChunkPlanner one after the other. A disk that fails loses nothing: steps wait in memory up
 * to the bound, and are tried again every second; a write that failed half-way goes on in the minute's next part.
 */
export class ChunkRecorder {
  readonly #options: ChunkRecorderOptions;
  readonly #steps: ChunkStep[] = [];
  #chunk: ChunkFile | undefined;
  /** Where in that chunk the newest keyframe's block begins. */
  #keyframe: { chunk: ChunkFile; at: number } | undefined;
  #minute: Minute = "";
  #clockOffsetUs = 0;
  /** Bytes that are to be written, and of the buffers that hold them. */
  #waitingBytes = 0;
  #heldBytes = 0;
  #lastSyncMs = 0;
  #writtenMs = performance.now();
  #isSyncDue = false;
  #isTroubled = false;
  #isSlow = false;
  #isStopping = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ChunkRecorderOptions) {
    this.#options = options;
  }

  /**
   * Whether so many bytes more may wait; when not, the caller must drop them, up to the next keyframe, and count them. A
   * disk that is merely slow, or does not answer, raises no error: it is told as trouble here, until nothing waits.
   */
  hasRoomFor(bytes: number): boolean {
    const hasRoom = this.#heldBytes + bytes <= this.#options.maxBufferBytes;
    if (!hasRoom && !this.#isTroubled && !this.#isSlow) {
      this.#isSlow = true;
      this.#options.trouble(new Error("the disk does not keep up and frames are dropped"));
    }
    return hasRoom;
  }

  /** Takes steps on; they are carried out in the background. */
  push(steps: ChunkStep[]): void {
    for (const step of steps) {
      if (step.kind === "write") {
        this.#waitingBytes += step.end - step.start;
        if (step.isLastOfBatch) this.#heldBytes += step.bytes.length;
      }
      this.#steps.push(step);
    }
    this.#running ??= this.#run();
  }

  /** Where the newest GOP lies when all that was pushed so far is written; undefined when it cannot be told. */
  newestGop(): Promise<GopPlace | undefined> {
    return new Promise((done) => this.push([{ kind: "call", done }]));
  }

  /** Makes what was written durable when its time has come. To be called now and then. */
  tick(nowMs: number): void {
    if (nowMs - this.#lastSyncMs < this.#options.syncIntervalMs || this.#chunk === undefined) return;
    this.#lastSyncMs = nowMs;
    this.#isSyncDue = true;
    this.push([]);
  }

  /**
   * Carries out what waits, and returns how many bytes a disk that still fails, or does not answer at all (a network
   * share that is gone), after `limitMs` made us give up.
   */
  async stop(limitMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#isStopping = true;
        this.#wake?.();
        timer = setTimeout(resolve, RETRY_MS);
      }, limitMs);
    });
    await Promise.race([this.#running, limit]);
    clearTimeout(timer);
    return this.#waitingBytes;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // steps that are pushed together are carried out together
    while (this.#steps.length > 0 || this.#isSyncDue) {
      try {
        const didWork = await this.#carryOut(this.#steps[0]);
        const hasCaughtUp = this.#isSlow && this.#heldBytes === 0;
        if (hasCaughtUp || (this.#isTroubled && !this.#isSlow && didWork)) {
          this.#isTroubled = this.#isSlow = false;
          this.#options.trouble(undefined);
        }
      } catch (error) {
        this.#isTroubled = true;
        this.#isSlow = false; // the error says more
        this.#options.trouble(error as Error);
        if (this.#isStopping) {
          await this.#chunk?.abandon(this.#chunk.size);
          break;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          setTimeout(resolve, RETRY_MS);
        });
        this.#wake = undefined;
      }
    }
    this.#running = undefined;
  }

  /** Returns whether the disk had to do something, and did. */
  async #carryOut(step: ChunkStep | undefined): Promise<boolean> {
    if (step === undefined || this.#isSyncDue) {
      this.#isSyncDue = false;
      await this.#chunk?.sync();
      return this.#chunk !== undefined;
    }
    let didWork = true;
    if (step.kind === "open" || step.kind === "write") this.#options.checkRoom();
    if (step.kind === "open") {
      this.#minute = step.minute;
      this.#clockOffsetUs = step.clockOffsetUs;
      await this.#open();
    } else if (step.kind === "write") {
      await this.#write(step);
      if (step.isLastOfBatch) {
        this.#heldBytes -= step.bytes.length;
        this.#options.written(step.bytes);
      }
    } else if (step.kind === "call") {
      step.done(this.#placeOfGop());
      didWork = false;
    } else {
      didWork = await this.#close(step.endUs);
    }
    this.#steps.shift();
    return didWork;
  }

  #placeOfGop(): GopPlace | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined || this.#keyframe?.chunk !== chunk) return undefined;
    return { path: chunk.path, start: this.#keyframe.at, end: chunk.size };
  }

  async #open(): Promise<ChunkFile> {
    const { camera, directory, origin } = this.#options;
    this.#chunk = await ChunkFile.create({
      camera,
      directory,
      minute: this.#minute,
      origin: { ...origin, clockOffsetUs: this.#clockOffsetUs },
      openedUs: Date.now() * 1000,
    });
    return this.#chunk;
  }

  async #write(step: WriteStep): Promise<void> {
    const chunk = this.#chunk ?? (await this.#open());
    const before = chunk.size;
    const restedMs = performance.now() - this.#writtenMs;
    try {
      await chunk.write(step.bytes, step.start, step.end);
      this.#writtenMs = performance.now();
      // This process, or the camera, stood still: in the meantime the chunk may have been converted and removed.
      if (restedMs > FROZEN_MS && (await chunk.isRemoved())) {
        this.#chunk = undefined;
        await chunk.abandon(before);
        await this.#write(step);
        return;
      }
      this.#waitingBytes -= step.end - step.start;
      if (step.keyframeStart !== undefined && step.keyframeStart >= step.start) {
        this.#keyframe = { chunk, at: before + step.keyframeStart - step.start };
      }
    } catch (error) {
      const reached = step.start + chunk.size - before;
      const whole = step.blockEnds.findLast((end) => end <= reached) ?? step.start;
      this.#chunk = undefined;
      if (await chunk.abandon(before + whole - step.start)) this.#options.closed(this.#minute);
      this.#waitingBytes -= whole - step.start;
      step.start = whole;
      if (whole < step.end) throw error;
    }
  }

  async #close(endUs: number): Promise<boolean> {
    const chunk = this.#chunk;
    if (chunk === undefined) return false; // given up before, and told
    this.#chunk = undefined;
    try {
      await chunk.finish(endUs);
      return true;
    } finally {
      this.#options.closed(this.#minute);
    }
  }
}
