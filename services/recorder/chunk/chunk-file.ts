import { type FileHandle, mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { BLOCK_HEADER_BYTES, BlockKind, type ChunkOrigin, writeBlockHeader } from "../../../shared/chunk/format.ts";
import { makeFolders } from "../../../shared/disk/make-folders.ts";
import { chunkPath } from "../../../shared/store/names.ts";
import type { Minute } from "../../../shared/time/minute.ts";
import type { RecordingDisk } from "./recording-disk.ts";

/** Where a chunk belongs and what its origin block says. */
export interface ChunkDescription {
  camera: string;
  directory: string;
  minute: Minute;
  origin: ChunkOrigin;
  /** Wall clock, µs since the Unix epoch. */
  openedUs: number;
}

const MAX_PARTS = 10_000;

/** Its file was deleted, or its folder, while it was written into. */
export class ChunkDeletedError extends Error {
  override name = "ChunkDeletedError";
}

/**
 * A chunk being written by its one writer. A write that fails ends the chunk at its last whole byte that the caller
 * vouches for: nothing is ever appended behind a torn tail. Whatever it does on the disk passes the disk's queue, in
 * which a write need not wait for a sync.
 */
export class ChunkFile {
  readonly path: string;
  readonly disk: RecordingDisk;
  readonly #file: FileHandle;
  #size = 0;
  /** Length of the origin block: a chunk of this size holds no footage. */
  #originBytes = 0;
  #syncedSize = 0;
  /** Folders in which a name is not durable yet. */
  #folders: string[] = [];
  #isSyncing = false;
  /** Never rejects. */
  #syncing: Promise<void> = Promise.resolve();

  private constructor(path: string, disk: RecordingDisk, file: FileHandle) {
    this.path = path;
    this.disk = disk;
    this.#file = file;
  }

  /**
   * Creates the first part of the minute whose name is free; `sync` makes the name durable. Throws the errors of mkdir(2),
   * open(2) and write(2), leaving no file behind: a full disk is tried again every second, for days if need be.
   */
  static create(description: ChunkDescription, disk: RecordingDisk): Promise<ChunkFile> {
    return disk.write(async () => {
      const { camera, directory, minute } = description;
      const folder = dirname(chunkPath(directory, camera, minute, 1));
      const made = await makeFolders({ mkdir, statFolder: stat }, folder);
      for (let part = 1; part <= MAX_PARTS; part++) {
        const path = chunkPath(directory, camera, minute, part);
        const file = await openExclusively(path);
        if (file === undefined) continue;
        try {
          const chunk = new ChunkFile(path, disk, file);
          const block = originBlock(description);
          await chunk.#write(block, 0, block.length);
          chunk.#originBytes = chunk.#size;
          chunk.#folders = foldersUpTo(folder, made);
          return chunk;
        } catch (error) {
          await file.close().catch(() => {});
          await rm(path, { force: true }).catch(() => {});
          throw error;
        }
      }
      throw new Error(`${camera}: more than ${MAX_PARTS} parts of minute ${minute}`);
    });
  }

  /** Bytes handed to the kernel. */
  get size(): number {
    return this.#size;
  }

  /** Appends bytes. Throws the error of write(2); `size` then tells how many of them went in. */
  write(bytes: Buffer, start: number, end: number): Promise<void> {
    return this.disk.write(() => this.#write(bytes, start, end));
  }

  /** Whether the file has no name any more: what is written into it is lost. Throws the error of fstat(2). */
  isDeleted(): Promise<boolean> {
    return this.disk.write(() => this.#isDeleted());
  }

  /** Whether a sync is under way, or waits for its turn. */
  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /**
   * Makes the file's name, and what was written before its turn came, durable; writes go on meanwhile. Returns whether there
   * was footage among it. Throws the errors of fsync(2), and with `mustExist` ChunkDeletedError: nobody knows then what the
   * disk kept, and the chunk should be abandoned. Not to be called while `isSyncing`.
   */
  sync(mustExist: boolean): Promise<boolean> {
    this.#isSyncing = true;
    const syncing = this.disk.sync(() => this.#sync(mustExist));
    const done = () => {
      this.#isSyncing = false;
    };
    this.#syncing = syncing.then(done, done);
    return syncing;
  }

  /** Writes the end block. Throws the error of write(2), after which the chunk is abandoned. */
  async end(endUs: number): Promise<void> {
    const block = Buffer.alloc(BLOCK_HEADER_BYTES);
    writeBlockHeader(block, 0, { kind: BlockKind.end, length: 0, timeUs: endUs });
    const size = this.#size;
    try {
      await this.write(block, 0, block.length);
    } catch (error) {
      await this.abandon(size);
      throw error;
    }
  }

  /** Makes everything durable, and closes the file in any case. Returns and throws as `sync` does. */
  async close(mustExist: boolean): Promise<boolean> {
    await this.#syncing;
    return this.disk.sync(async () => {
      try {
        return await this.#sync(mustExist);
      } finally {
        await this.#file.close();
      }
    });
  }

  /**
   * Gives the chunk up after a failure, without an end block, cut at `size` bytes where the disk lets us. One that holds no
   * footage is removed. Returns whether it is still there.
   */
  async abandon(size: number): Promise<boolean> {
    await this.#syncing;
    return this.disk.sync(async () => {
      if (size <= this.#originBytes) await rm(this.path, { force: true }).catch(() => {});
      await this.#file.truncate(size).catch(() => {}); // readers stop at a torn last block anyway
      await this.#sync(false).catch(() => {});
      await this.#file.close().catch(() => {});
      return size > this.#originBytes;
    });
  }

  async #write(bytes: Buffer, start: number, end: number): Promise<void> {
    for (let position = start; position < end; ) {
      const { bytesWritten } = await this.#file.write(bytes, position, end - position);
      this.#size += bytesWritten;
      position += bytesWritten;
    }
  }

  async #isDeleted(): Promise<boolean> {
    return (await this.#file.stat()).nlink === 0;
  }

  /** Returns whether there was footage to make durable. */
  async #sync(mustExist: boolean): Promise<boolean> {
    const size = this.#size;
    for (let folder = this.#folders.at(-1); folder !== undefined; folder = this.#folders.at(-1)) {
      await this.disk.syncFolder(folder);
      this.#folders.pop();
    }
    if (size <= Math.max(this.#syncedSize, this.#originBytes)) return false;
    await this.#file.datasync();
    this.#syncedSize = size;
    if (!mustExist || !(await this.#isDeleted())) return true;
    throw new ChunkDeletedError("its file was deleted, and what it held is gone");
  }
}

/** The folder of a new file, and all those in which `made`, the topmost folder that was new, and those below it lie. */
function foldersUpTo(folder: string, made: string | undefined): string[] {
  const folders = [folder];
  const last = made === undefined ? folder : dirname(made);
  for (let above = folder; above !== last && dirname(above) !== above; above = dirname(above))
    folders.push(dirname(above));
  return folders;
}

async function openExclusively(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
}

function originBlock(description: ChunkDescription): Buffer {
  const data = Buffer.from(JSON.stringify(description.origin));
  const block = Buffer.alloc(BLOCK_HEADER_BYTES + data.length);
  writeBlockHeader(block, 0, { kind: BlockKind.origin, length: data.length, timeUs: description.openedUs });
  data.copy(block, BLOCK_HEADER_BYTES);
  return block;
}
