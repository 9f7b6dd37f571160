import type { ChunkFile } from "./chunk-file.ts";
import { type DiskTrouble, UnsafeError } from "./disk-trouble.ts";
import { syncPhase } from "./sync-phase.ts";

/** Makes a camera's chunks durable in the background, at intervals, and reports syncs that failed. */
export class BackgroundSyncs {
  readonly #syncIntervalMs: number;
  readonly #trouble: DiskTrouble;
  /** At which fraction of the interval this camera is synced, so that not all cameras are synced at once. */
  readonly #phase: number;
  /** Pending syncs and closes with their start times, oldest first. */
  readonly #underWay = new Map<Promise<void>, number>();
  #interval = -1;
  #failedChunk: ChunkFile | undefined;

  constructor(camera: string, syncIntervalMs: number, trouble: DiskTrouble) {
    this.#syncIntervalMs = syncIntervalMs;
    this.#trouble = trouble;
    this.#phase = syncPhase(camera);
  }

  /** When the oldest pending operation started; undefined when none is pending. */
  get busySinceMs(): number | undefined {
    const [sinceMs] = this.#underWay.values();
    return sinceMs;
  }

  /** The pending operations. They never reject. */
  get underWay(): Promise<void>[] {
    return [...this.#underWay.keys()];
  }

  /** Whether a sync of the chunk failed: it is then unknown what the disk kept of it. */
  hasFailed(chunk: ChunkFile): boolean {
    return chunk === this.#failedChunk;
  }

  /** Whether the chunk is to be synced now; once in each interval. */
  isDue(chunk: ChunkFile, nowMs: number): boolean {
    const interval = Math.floor(nowMs / this.#syncIntervalMs + this.#phase);
    if (interval === this.#interval || chunk.isSyncing) return false;
    this.#interval = interval;
    return true;
  }

  /** As ChunkFile.sync. */
  sync(chunk: ChunkFile, mustExist: boolean): void {
    this.#watch(
      chunk.sync(mustExist).catch((error: unknown) => {
        this.#failedChunk = chunk;
        throw error;
      }),
    );
  }

  /** As ChunkFile.close. @param closed is called when that has ended, successfully or not */
  close(chunk: ChunkFile, mustExist: boolean, closed: () => void): void {
    this.#watch(chunk.close(mustExist).finally(closed));
  }

  #watch(work: Promise<boolean>): void {
    const done: Promise<void> = work
      .then(
        (hadFootage) => {
          if (hadFootage) this.#trouble.tell("unsafe", undefined);
        },
        (error: unknown) => this.#trouble.tell("unsafe", new UnsafeError(error as Error, this.#syncIntervalMs)),
      )
      .finally(() => this.#underWay.delete(done));
    this.#underWay.set(done, performance.now());
  }
}
