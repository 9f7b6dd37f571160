import { DiskHangsError } from "./disk-hangs-error.ts";
import { Lane } from "./lane.ts";

/**
 * What an operation has the disk do: `ask` reads, and is answered in milliseconds where all is well; `askMany` reads from
 * several files; `change` writes, and may wait until the disk has taken what was written before; `sync` waits for the disk
 * itself; `close` is done in any case.
 */
export type OperationKind = "ask" | "askMany" | "change" | "sync" | "close";

/** Threads that one disk may hold; the process shares four among all its file operations (libuv's), unless told otherwise. */
const AT_ONCE = 3;
/** One less, so that a thread is left for what can be answered from memory. */
const SYNCS_AT_ONCE = 2;
const TICK_MS = 250;
/** How long a disk has for an answer; one that is only busy, or whose drive must spin up first, has answered by then mostly. */
const LIMIT_TICKS: Record<OperationKind, number> = { ask: 20, askMany: 80, change: 40, sync: 120, close: 40 };

interface Operation {
  /** Ticks that are left, undefined before it has begun. */
  ticksLeft: number | undefined;
  isGivenUp: boolean;
  giveUp(): void;
}

/**
 * The operations on one disk. A disk that hangs (a network share whose server is gone) never answers, and every operation
 * that waits for it keeps a thread: so no more than three are begun at a time. When one takes longer than it may, the disk
 * counts as hanging until that one is answered: whoever waits is told, and so is whoever comes, at once.
 */
export class DiskQueue {
  readonly mountPoint: string;
  /** False once an fsync of a folder was answered with "not supported": see folder-sync.ts. */
  syncsFolders = true;
  readonly #all = new Lane(AT_ONCE);
  readonly #syncs = new Lane(SYNCS_AT_ONCE);
  /** Those that wait for their turn or for the disk. */
  readonly #pending = new Set<Operation>();
  #late = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(mountPoint: string) {
    this.mountPoint = mountPoint;
  }

  /** Whether an operation has not been answered in time, and is not yet. */
  get isHanging(): boolean {
    return this.#late > 0;
  }

  /**
   * Carries out an operation when its turn has come; resolves and rejects as it does, or with DiskHangsError. The operation
   * may then be under way still, and end at any time: what it was given must not be used for anything else. One of kind
   * `close` is carried out all the same, and whoever waits for it goes on without an error.
   */
  run<Result>(kind: OperationKind, operation: () => Promise<Result>): Promise<Result> {
    if (this.isHanging && kind !== "close") return Promise.reject(new DiskHangsError(this.mountPoint));
    return new Promise((resolve, reject) => {
      const entry: Operation = {
        ticksLeft: undefined,
        isGivenUp: false,
        giveUp: () => {
          entry.isGivenUp = true;
          if (kind === "close") resolve(undefined as Result);
          else reject(new DiskHangsError(this.mountPoint));
        },
      };
      this.#pending.add(entry);
      const turn = () => this.#turn(kind, entry, operation).then(resolve, reject);
      const inAll = () => this.#all.run(turn);
      void (kind === "sync" ? this.#syncs.run(inAll) : inAll());
      if (this.isHanging) entry.giveUp();
    });
  }

  async #turn<Result>(kind: OperationKind, entry: Operation, operation: () => Promise<Result>): Promise<Result> {
    try {
      if (entry.isGivenUp && kind !== "close") throw new DiskHangsError(this.mountPoint);
      entry.ticksLeft = LIMIT_TICKS[kind];
      this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
      return await operation();
    } finally {
      if (entry.ticksLeft === 0) this.#late--;
      this.#pending.delete(entry);
      if (this.#pending.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  /** Ticks are counted, not time: when the whole process or machine stood still, the disk is not to blame. */
  #tick(): void {
    for (const entry of this.#pending) {
      if (entry.ticksLeft === undefined || entry.ticksLeft === 0) continue;
      if (--entry.ticksLeft === 0) this.#late++;
    }
    if (!this.isHanging) return;
    for (const entry of this.#pending) if (!entry.isGivenUp) entry.giveUp();
  }
}
