import type { Minute } from "../../../shared/time/minute.ts";
import type { GopPlace } from "../live/newest-gop.ts";
import type { BackgroundSyncs } from "./background-syncs.ts";
import { ChunkFile } from "./chunk-file.ts";
import type { WriteStep } from "./chunk-planner.ts";
import type { RecordingDisk } from "./recording-disk.ts";
import type { RecordingDisks } from "./recording-disks.ts";
import type { ChunkSource, QueuedStep } from "./step-queue.ts";

export interface ChunkWriterOptions {
  camera: string;
  directory: string;
  disks: RecordingDisks;
  syncs: BackgroundSyncs;
  /** A chunk was closed: it can be converted. Nothing is awaited. */
  closed(minute: Minute): void;
}

/** Only a chunk that was not written to for much longer than this is taken for abandoned, and converted and removed. */
const PAUSE_LIMIT_MS = 10_000;

/**
 * Carries out steps: opens, writes and closes the chunks of a camera, one after the other. A write that failed half-way
 * is continued in the minute's next part when the step is retried.
 */
export class ChunkWriter {
  readonly #options: ChunkWriterOptions;
  #source: ChunkSource | undefined;
  /** The disk of the chunk opened last. */
  #disk: RecordingDisk | undefined;
  #chunk: ChunkFile | undefined;
  /** Where in that chunk the newest keyframe's block begins. */
  #keyframe: { chunk: ChunkFile; at: number } | undefined;
  #minute: Minute = "";
  #clockOffsetUs = 0;
  #writtenMs = performance.now();

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
  }

  /** Whether the disk that is written to is no longer mounted. */
  get isUnmounted(): boolean {
    return this.#disk !== undefined && !this.#options.disks.isMounted(this.#disk);
  }

  /** Makes what was written durable when a sync is due. */
  syncIfDue(nowMs: number): void {
    if (this.#chunk !== undefined && this.#options.syncs.isDue(this.#chunk, nowMs)) this.#sync(this.#chunk);
  }

  /**
   * Returns whether an operation on the disk was needed and succeeded. Throws the disk's errors; the same step must
   * then be carried out again before any other.
   */
  async carryOut(step: QueuedStep): Promise<boolean> {
    if (this.#chunk !== undefined && this.#options.syncs.hasFailed(this.#chunk)) await this.leave();
    switch (step.kind) {
      case "open":
        this.#minute = step.minute;
        this.#clockOffsetUs = step.clockOffsetUs;
        await this.#open();
        return true;
      case "write":
        await this.#write(step);
        if (step.isLastOfBatch) this.#source?.written(step.bytes);
        return true;
      case "close":
        return this.#close(step.endUs);
      case "begin":
        this.#source = step.source;
        return false;
      case "call":
        step.done(this.#placeOfGop());
        return false;
    }
  }

  /** Gives up the open chunk: what follows goes into the minute's next part. */
  async leave(): Promise<void> {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    if (await chunk.abandon(chunk.size)) this.#options.closed(this.#minute);
  }

  #placeOfGop(): GopPlace | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined || this.#keyframe?.chunk !== chunk) return undefined;
    return { path: chunk.path, start: this.#keyframe.at, end: chunk.size };
  }

  async #open(): Promise<ChunkFile> {
    const { camera, directory, disks } = this.#options;
    if (this.#source === undefined) throw new Error("no session has begun");
    const { origin } = this.#source;
    const disk = await disks.of(directory);
    this.#disk = disk;
    disks.checkRoomForFile(disk);
    const description = {
      camera,
      directory,
      minute: this.#minute,
      origin: { ...origin, clockOffsetUs: this.#clockOffsetUs },
      openedUs: Date.now() * 1000,
    };
    const chunk = await ChunkFile.create(description, disk).catch(async (error: unknown) => {
      throw await disk.explain(error);
    });
    this.#chunk = chunk;
    this.#sync(chunk);
    return chunk;
  }

  async #write(step: WriteStep): Promise<void> {
    if (this.#chunk !== undefined) this.#options.disks.checkRoom(this.#chunk.disk);
    const chunk = this.#chunk ?? (await this.#open());
    const before = chunk.size;
    try {
      await chunk.write(step.bytes, step.start, step.end);
      const pauseMs = performance.now() - this.#writtenMs;
      this.#writtenMs = performance.now();
      // This process, the camera or the disk paused for longer than that.
      if (pauseMs > PAUSE_LIMIT_MS && (await chunk.isDeleted())) {
        this.#chunk = undefined;
        await chunk.abandon(before);
        await this.#write(step);
        return;
      }
      if (step.keyframeStart !== undefined && step.keyframeStart >= step.start) {
        this.#keyframe = { chunk, at: before + step.keyframeStart - step.start };
      }
    } catch (error) {
      const reached = step.start + chunk.size - before;
      const whole = step.blockEnds.findLast((end) => end <= reached) ?? step.start;
      this.#chunk = undefined;
      if (await chunk.abandon(before + whole - step.start)) this.#options.closed(this.#minute);
      step.start = whole;
      if (whole < step.end) throw error;
    }
  }

  async #close(endUs: number): Promise<boolean> {
    const chunk = this.#chunk;
    if (chunk === undefined) return false; // given up earlier, which was reported
    this.#chunk = undefined;
    const minute = this.#minute;
    const { closed, syncs } = this.#options;
    try {
      await chunk.end(endUs);
    } catch (error) {
      closed(minute);
      throw error;
    }
    syncs.close(chunk, this.#mustExist(), () => closed(minute));
    return true;
  }

  #sync(chunk: ChunkFile): void {
    this.#options.syncs.sync(chunk, this.#mustExist());
  }

  /** Whether the chunk cannot have been converted and removed, because it was written to just now. */
  #mustExist(): boolean {
    return performance.now() - this.#writtenMs < PAUSE_LIMIT_MS;
  }
}
