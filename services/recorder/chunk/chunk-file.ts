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

/** The chunk's file or folder was deleted while it was being written. */
export class ChunkDeletedError extends Error {
  override name = "ChunkDeletedError";
}

/**
 * A chunk that is being written by its only writer. After a failed write the chunk is cut at the size that the caller
 * gives to `abandon`: nothing is ever appended to an incomplete block. All its operations go through the disk's queue,
 * in which a write need not wait for a sync.
 */
export class ChunkFile {
  readonly path: string;
  readonly disk: RecordingDisk;
  readonly #file: FileHandle;
  #size = 0;
  /** Length of the origin block: a chunk of this size holds no footage. */
  #originBytes = 0;
  #syncedSize = 0;
  /** Folders to be synced, because a new name in them is not durable yet. */
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
   * Creates the first part of the minute whose name is free; `sync` makes the name durable. Throws the errors of
   * mkdir(2), open(2) and write(2), and leaves no file behind: on a full disk this is retried every second, perhaps for
   * days.
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

  /** Appends bytes. Throws the error of write(2); `size` then shows how many were written. */
  write(bytes: Buffer, start: number, end: number): Promise<void> {
    return this.disk.write(() => this.#write(bytes, start, end));
  }

  /** Whether the file has been deleted: what is written to it is lost. Throws the error of fstat(2). */
  isDeleted(): Promise<boolean> {
    return this.disk.write(() => this.#isDeleted());
  }

  /** Whether a sync is running or queued. */
  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /**
   * Makes the file's name, and what was written before the sync started, durable; writes go on meanwhile. Returns
   * whether footage was among it. Throws the errors of fsync(2), and with `mustExist` ChunkDeletedError: it is then
   * unknown what the disk kept, and the chunk should be abandoned. Must not be called while `isSyncing`.
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

  /** Makes everything durable, and always closes the file. Returns and throws as `sync` does. */
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
   * Gives the chunk up after a failure, without an end block, and truncates it to `size` bytes if the disk allows. A
   * chunk without footage is removed. Returns whether it still exists.
   */
  async abandon(size: number): Promise<boolean> {
    await this.#syncing;
    return this.disk.sync(async () => {
      if (size <= this.#originBytes) await rm(this.path, { force: true }).catch(() => {});
      await this.#file.truncate(size).catch(() => {}); // readers stop at an incomplete last block anyway
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

/**
 * The folder of a new file, and the parents of all folders that were created for it; `made` is the topmost of those.
 */
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
