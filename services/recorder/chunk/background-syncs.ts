import type { ChunkFile } from "./chunk-file.ts";
import { type DiskTrouble, UnsafeError } from "./disk-trouble.ts";
import { syncPhase } from "./sync-phase.ts";

/** Makes a camera's chunks durable in the background, at intervals, and tells of syncs that failed. */
export class BackgroundSyncs {
  readonly #syncIntervalMs: number;
  readonly #trouble: DiskTrouble;
  /** Into which of the intervals between two syncs this camera's fall: not all cameras' at once. */
  readonly #phase: number;
  /** Syncs and closes under way, oldest first, and since when. */
  readonly #underWay = new Map<Promise<void>, number>();
  #interval = -1;
  #failedChunk: ChunkFile | undefined;

  constructor(camera: string, syncIntervalMs: number, trouble: DiskTrouble) {
    this.#syncIntervalMs = syncIntervalMs;
    this.#trouble = trouble;
    this.#phase = syncPhase(camera);
  }

  /** Since when the oldest of what is under way is under way; undefined when nothing is. */
  get busySinceMs(): number | undefined {
    const [sinceMs] = this.#underWay.values();
    return sinceMs;
  }

  /** What is under way. Never rejects. */
  get underWay(): Promise<void>[] {
    return [...this.#underWay.keys()];
  }

  /** Whether a sync of the chunk failed: nobody knows what the disk kept of it. */
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

  /** As ChunkFile.close. @param closed is called when that is over, well or not */
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
