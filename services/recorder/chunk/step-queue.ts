import type { ChunkOrigin } from "../../../shared/chunk/format.ts";
import type { ChunkStep } from "./chunk-planner.ts";
import type { DiskTrouble } from "./disk-trouble.ts";

/** A session of the camera, from which steps come. */
export interface ChunkSource {
  origin: Omit<ChunkOrigin, "clockOffsetUs">;
  /** The bytes of a write are no longer needed. */
  written(bytes: Buffer): void;
}

/** A step, or the marker before the first step of a session that says which session it is. */
export type QueuedStep = ChunkStep | { kind: "begin"; source: ChunkSource };

/** Carries out the steps. */
export interface StepHandler {
  /**
   * Returns whether an operation on the disk was needed and succeeded. After it threw it is called again with the same
   * step.
   */
  carryOut(step: QueuedStep): Promise<boolean>;
  /** A step failed. Nothing is awaited. */
  failed(error: Error): void;
  /** No further step will be carried out, though some may be left. */
  gaveUp(): Promise<void>;
}

/** Delay before a failed step is retried. */
export const RETRY_MS = 1000;

/** What waits for the disk, in order and in bounded memory. A failed step is retried every second. */
export class StepQueue {
  readonly #handler: StepHandler;
  readonly #trouble: DiskTrouble;
  readonly #maxBufferBytes: number;
  readonly #steps: QueuedStep[] = [];
  /** The source of the next steps, until the first of them is pushed. */
  #newSource: ChunkSource | undefined;
  /** Total size of the buffers whose bytes are to be written. */
  #heldBytes = 0;
  #busySinceMs: number | undefined;
  #isGivingUp = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(maxBufferBytes: number, trouble: DiskTrouble, handler: StepHandler) {
    this.#maxBufferBytes = maxBufferBytes;
    this.#trouble = trouble;
    this.#handler = handler;
  }

  /** As ChunkRecorder.hasRoomFor. */
  hasRoomFor(bytes: number): boolean {
    const hasRoom = this.#heldBytes + bytes <= this.#maxBufferBytes;
    if (!hasRoom && !this.#trouble.has("failed") && !this.#trouble.has("dropping")) {
      this.#trouble.tell("dropping", new Error("the disk does not keep up and frames are dropped"));
    }
    return hasRoom;
  }

  /** The steps pushed from now on come from another session. */
  begin(source: ChunkSource): void {
    this.#newSource = source;
  }

  push(steps: ChunkStep[]): void {
    // Only with its first steps: sessions without frames take no memory while the disk fails.
    if (this.#newSource !== undefined && steps.length > 0) this.#steps.push({ kind: "begin", source: this.#newSource });
    if (steps.length > 0) this.#newSource = undefined;
    for (const step of steps) {
      this.#heldBytes += bytesFreedBy(step);
      this.#steps.push(step);
    }
    this.#running ??= this.#run();
  }

  /** When the current step was started. */
  get busySinceMs(): number | undefined {
    return this.#busySinceMs;
  }

  /** Resolves when nothing waits any longer; undefined when nothing does. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Stops at the next step that fails. */
  giveUp(): void {
    this.#isGivingUp = true;
    this.#wake?.();
  }

  /** Drops what waits. Returns how many bytes of it were still to be written. */
  drop(): number {
    const waiting = this.#steps.reduce((sum, step) => sum + (step.kind === "write" ? step.end - step.start : 0), 0);
    if (waiting > 0) this.#steps.splice(1); // a disk that hangs must not keep more memory each time
    return waiting;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // steps that are pushed together are carried out together
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      this.#busySinceMs = performance.now();
      try {
        const didWork = await this.#handler.carryOut(step);
        this.#heldBytes -= bytesFreedBy(step);
        this.#steps.shift();
        if (didWork) this.#trouble.tell("failed", undefined);
        if (this.#heldBytes === 0) this.#trouble.tell("dropping", undefined);
      } catch (error) {
        this.#handler.failed(error as Error);
        this.#trouble.tell("failed", error as Error);
        this.#trouble.forget("dropping"); // the error says more
        this.#busySinceMs = undefined;
        if (this.#isGivingUp) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          setTimeout(resolve, RETRY_MS);
        });
        this.#wake = undefined;
      }
    }
    if (this.#isGivingUp) await this.#handler.gaveUp();
    this.#busySinceMs = undefined;
    this.#running = undefined;
  }
}

/** Size of the buffer that is no longer needed once a step is done. */
function bytesFreedBy(step: QueuedStep): number {
  return step.kind === "write" && step.isLastOfBatch ? step.bytes.length : 0;
}
