import pLimit from "p-limit";
import { DiskHangsError } from "./disk-hangs-error.ts";
import { syncFolderIfSupported } from "./folder-sync.ts";

/**
 * What an operation needs of the disk: `ask` reads, and takes milliseconds on a healthy disk; `askMany` reads from
 * several files; `change` writes, and may wait until the disk has taken earlier writes; `sync` waits for the disk
 * itself; `close` is carried out in any case.
 */
export type OperationKind = "ask" | "askMany" | "change" | "sync" | "close";

/** Threads that one disk may occupy; all file operations of the process share four (libuv's default). */
const AT_ONCE = 3;
/**
 * One less, so that a thread is left for operations that are answered from memory; more than one, because file systems
 * combine simultaneous syncs.
 */
const SYNCS_AT_ONCE = 2;
const TICK_MS = 250;
/**
 * How long a disk may take for an answer. A disk that is only busy, or whose drive must spin up first, has normally
 * answered by then.
 */
const LIMIT_TICKS: Record<OperationKind, number> = { ask: 20, askMany: 80, change: 40, sync: 120, close: 40 };

interface Operation {
  /** Ticks left; undefined before it has begun. */
  ticksLeft: number | undefined;
  /** Set once the caller was told that the disk hangs. */
  isGivenUp: boolean;
  giveUp(): void;
}

/**
 * One mounted file system, and the queue of the operations on it. A disk that hangs (a network share whose server is
 * gone) never answers, and every operation that waits for it occupies a thread: so at most three are begun at a time.
 * When one exceeds its limit, the disk counts as hanging until that operation is answered: all waiting calls of `run`
 * are rejected, and new ones at once. A caller that cannot do without the operation uses `runPatiently`.
 */
export class Disk {
  readonly mountPoint: string;
  readonly #onFoldersNotSynced: (mountPoint: string) => void;
  readonly #all = pLimit(AT_ONCE);
  readonly #syncs = pLimit(SYNCS_AT_ONCE);
  /** Operations that wait for their turn or for the disk. */
  readonly #pending = new Set<Operation>();
  #late = 0;
  #timer: NodeJS.Timeout | undefined;
  #syncsFolders = true;

  /**
   * @param onFoldersNotSynced is called when an fsync of a folder is not supported: the first time, and again after one
   * that was
   */
  constructor(mountPoint: string, onFoldersNotSynced: (mountPoint: string) => void = () => {}) {
    this.mountPoint = mountPoint;
    this.#onFoldersNotSynced = onFoldersNotSynced;
  }

  /** Whether an operation has exceeded its limit and is still not answered. */
  get isHanging(): boolean {
    return this.#late > 0;
  }

  /** False once an fsync of a folder has failed with "not supported": see folder-sync.ts. */
  get syncsFolders(): boolean {
    return this.#syncsFolders;
  }

  /**
   * Carries out an operation when its turn has come; resolves and rejects as it does, or with DiskHangsError. In the
   * latter case the operation may still be under way and end at any time: what it was given must not be used for
   * anything else. One of kind `close` is carried out nevertheless, and its caller continues without an error.
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
      this.#enqueue(kind, entry, operation).then(resolve, reject);
      if (this.isHanging) entry.giveUp();
    });
  }

  /** As `run`, but waits as long as the disk takes, and never rejects with DiskHangsError. */
  runPatiently<Result>(kind: OperationKind, operation: () => Promise<Result>): Promise<Result> {
    return this.#enqueue(kind, { ticksLeft: undefined, isGivenUp: false, giveUp: () => {} }, operation);
  }

  /**
   * fsync(2) of a folder, from within an operation of kind `sync`. Where the file system does not support it, nothing
   * is done: that is reported once, and what was just created, renamed or removed in the folder becomes durable when
   * the file system chooses. Throws the errors of open(2) and fsync(2).
   */
  async syncFolder(folder: string): Promise<void> {
    const isSynced = await syncFolderIfSupported(folder);
    if (!isSynced && this.#syncsFolders) this.#onFoldersNotSynced(this.mountPoint);
    this.#syncsFolders = isSynced;
  }

  #enqueue<Result>(kind: OperationKind, entry: Operation, operation: () => Promise<Result>): Promise<Result> {
    this.#pending.add(entry);
    const inTurn = () => this.#all(() => this.#carryOut(kind, entry, operation));
    return kind === "sync" ? this.#syncs(inTurn) : inTurn();
  }

  async #carryOut<Result>(kind: OperationKind, entry: Operation, operation: () => Promise<Result>): Promise<Result> {
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

  /** Counts ticks and not time: when the whole process or machine stood still, the disk is not to blame. */
  #tick(): void {
    for (const entry of this.#pending) {
      if (entry.ticksLeft === undefined || entry.ticksLeft === 0) continue;
      if (--entry.ticksLeft === 0) this.#late++;
    }
    if (!this.isHanging) return;
    for (const entry of this.#pending) if (!entry.isGivenUp) entry.giveUp();
  }
}
