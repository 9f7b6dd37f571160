import type { Minute } from "../../../shared/time/minute.ts";
import type { GopPlace } from "../live/newest-gop.ts";
import { BackgroundSyncs } from "./background-syncs.ts";
import type { ChunkStep } from "./chunk-planner.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { DiskTrouble } from "./disk-trouble.ts";
import type { RecordingDisks } from "./recording-disks.ts";
import { type ChunkSource, RETRY_MS, StepQueue } from "./step-queue.ts";

/** What the recorder of a camera's chunks is given. */
export interface ChunkRecorderOptions {
  camera: string;
  directory: string;
  /** What may wait in memory for the disk, bytes: whole buffers count, however little of them is used. */
  maxBufferBytes: number;
  /** What was written is durable at most so long after. */
  syncIntervalMs: number;
  disks: RecordingDisks;
  /** A chunk was closed: it can be converted. Nothing is awaited. */
  closed(minute: Minute): void;
  /** The disk fails (again), or works again after it had failed. */
  trouble(error: Error | undefined): void;
}

/** A disk that takes so long for one thing is said not to answer. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Carries out the steps that the ChunkPlanners of a camera's sessions make, one after the other. A disk that fails loses
 * nothing, whatever the camera does meanwhile: steps wait in memory up to the bound, and are tried again every second. What
 * is written is made durable in the background: nothing waits for that but the end.
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
   * Whether so many bytes more may wait; when not, the caller must drop them, up to the next keyframe, and count them. A
   * disk that is merely slow, or does not answer, raises no error: it is told as trouble here, until nothing waits.
   */
  hasRoomFor(bytes: number): boolean {
    return this.#queue.hasRoomFor(bytes);
  }

  /** What is pushed from now on comes from another session. */
  begin(source: ChunkSource): void {
    this.#queue.begin(source);
  }

  /** Takes steps of the session that began last; they are carried out in the background. */
  push(steps: ChunkStep[]): void {
    this.#queue.push(steps);
  }

  /** Where the newest GOP lies when all that was pushed so far is written; undefined when it cannot be told. */
  newestGop(): Promise<GopPlace | undefined> {
    return new Promise((done) => this.push([{ kind: "call", done }]));
  }

  /** Whether what is under way waits for a disk that is mounted no more: it may never end. */
  get isStranded(): boolean {
    const sinceMs = this.#queue.busySinceMs ?? Number.POSITIVE_INFINITY;
    return performance.now() - sinceMs >= ANSWER_TIMEOUT_MS && this.#writer.isUnmounted;
  }

  /** Makes what was written durable when its time has come, and tells of a disk that does not answer. */
  tick(nowMs: number): void {
    this.#tellOfSilence();
    this.#writer.syncIfDue(nowMs);
  }

  /**
   * Carries out what waits, and returns how many bytes a disk that still fails, or does not answer at all (a network
   * share that is gone), after `limitMs` made us give up.
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
