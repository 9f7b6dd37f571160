import type { Minute } from "../../../shared/time/minute.ts";
import type { GopPlace } from "../live/newest-gop.ts";
import { BackgroundSyncs } from "./background-syncs.ts";
import type { ChunkStep } from "./chunk-planner.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { DiskTrouble } from "./disk-trouble.ts";
import type { RecordingDisks } from "./recording-disks.ts";
import { type ChunkSource, RETRY_MS, StepQueue } from "./step-queue.ts";

export interface ChunkRecorderOptions {
  camera: string;
  directory: string;
  /** Maximum number of bytes waiting in memory for the disk. Whole buffers count, however little of them is used. */
  maxBufferBytes: number;
  /** What was written is durable after this time at the latest. */
  syncIntervalMs: number;
  disks: RecordingDisks;
  /** A chunk was closed: it can be converted. Nothing is awaited. */
  closed(minute: Minute): void;
  /** The disk fails (again), or works again after it had failed. */
  trouble(error: Error | undefined): void;
}

/** A disk that takes longer for one operation is reported as not answering. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Carries out the steps that the ChunkPlanners of a camera's sessions make, one after the other. A failing disk loses
 * nothing, whatever the camera does meanwhile: steps wait in memory, up to a maximum, and are retried every second.
 * What is written is made durable in the background: only `stop` waits for that.
 */
export class ChunkRecorder {
  readonly #trouble: DiskTrouble;
  readonly #syncs: BackgroundSyncs;
  readonly #writer: ChunkWriter;
  readonly #queue: StepQueue;

  constructor({ camera, directory, maxBufferBytes, syncIntervalMs, disks, closed, trouble }: ChunkRecorderOptions) {
    this.#trouble = new DiskTrouble(trouble);
    this.#syncs = new BackgroundSyncs(camera, syncIntervalMs, this.#trouble);
    this.#writer = new ChunkWriter({ camera, directory, disks, syncs: this.#syncs, closed });
    this.#queue = new StepQueue(maxBufferBytes, this.#trouble, {
      carryOut: (step) => this.#writer.carryOut(step),
      failed: (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOSPC") disks.full(directory);
      },
      gaveUp: () => this.#writer.leave(),
    });
  }

  /**
   * Whether `bytes` more may wait; if not, the caller must drop frames up to the next keyframe, and count them. A disk
   * that is only slow, or does not answer, causes no error: it is reported as trouble here, until nothing waits.
   */
  hasRoomFor(bytes: number): boolean {
    return this.#queue.hasRoomFor(bytes);
  }

  /** The steps pushed from now on come from another session. */
  begin(source: ChunkSource): void {
    this.#queue.begin(source);
  }

  /** Takes steps of the session that began last; they are carried out in the background. */
  push(steps: ChunkStep[]): void {
    this.#queue.push(steps);
  }

  /** Where the newest GOP is, once everything pushed so far is written; undefined when that is not known. */
  newestGop(): Promise<GopPlace | undefined> {
    return new Promise((done) => this.push([{ kind: "call", done }]));
  }

  /** Whether an operation waits for a disk that is no longer mounted: it may never end. */
  get isStranded(): boolean {
    const sinceMs = this.#queue.busySinceMs ?? Number.POSITIVE_INFINITY;
    return performance.now() - sinceMs >= ANSWER_TIMEOUT_MS && this.#writer.isUnmounted;
  }

  /** Makes what was written durable when a sync is due, and reports a disk that does not answer. */
  tick(nowMs: number): void {
    this.#tellOfSilence();
    this.#writer.syncIfDue(nowMs);
  }

  /**
   * Carries out what waits. Returns how many bytes were given up, because the disk still failed after `limitMs` or did
   * not answer at all (a network share that is gone).
   */
  async stop(limitMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#queue.giveUp();
        timer = setTimeout(resolve, RETRY_MS);
      }, limitMs);
    });
    await Promise.race([this.#settled(), limit]);
    clearTimeout(timer);
    return this.#queue.drop();
  }

  async #settled(): Promise<void> {
    while (this.#queue.running !== undefined || this.#syncs.busySinceMs !== undefined) {
      await Promise.all([this.#queue.running, ...this.#syncs.underWay]);
    }
  }

  #tellOfSilence(): void {
    const never = Number.POSITIVE_INFINITY;
    const sinceMs = Math.min(this.#queue.busySinceMs ?? never, this.#syncs.busySinceMs ?? never);
    const isSilent = performance.now() - sinceMs > ANSWER_TIMEOUT_MS;
    if (!isSilent) this.#trouble.tell("silent", undefined);
    else if (!this.#trouble.isAny) this.#trouble.tell("silent", new Error("the disk does not answer"));
  }
}
