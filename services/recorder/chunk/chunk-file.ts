import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BLOCK_HEADER_BYTES, BlockKind, type ChunkOrigin, writeBlockHeader } from "../../../shared/chunk/format.ts";
import { makeDirectory, syncDirectory } from "../../../shared/store/durable.ts";
import { chunkPath } from "../../../shared/store/names.ts";
import type { Minute } from "../../../shared/time/minute.ts";

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

/**
 * A chunk being written by its one writer. A write that fails ends the chunk at its last whole byte that the caller
 * vouches for: nothing is ever appended behind a torn tail.
 */
export class ChunkFile {
  readonly path: string;
  readonly #file: FileHandle;
  #size = 0;
  /** Length of the origin block: a chunk of this size holds no footage. */
  #originBytes = 0;
  #isSynced = true;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Creates the first part of the minute whose name is free, its name durable. Throws the errors of mkdir(2), open(2),
   * write(2) and fsync(2), leaving no file behind: a full disk is tried again every second, for days if need be.
   */
  static async create(description: ChunkDescription): Promise<ChunkFile> {
    const { camera, directory, minute } = description;
    await makeDirectory(dirname(chunkPath(directory, camera, minute, 1)));
    for (let part = 1; part <= MAX_PARTS; part++) {
      const path = chunkPath(directory, camera, minute, part);
      const file = await openExclusively(path);
      if (file === undefined) continue;
      try {
        const chunk = new ChunkFile(path, file);
        const block = originBlock(description);
        await chunk.write(block, 0, block.length);
        chunk.#originBytes = chunk.#size;
        await syncDirectory(dirname(path));
        return chunk;
      } catch (error) {
        await file.close().catch(() => {});
        await rm(path, { force: true }).catch(() => {});
        throw error;
      }
    }
    throw new Error(`${camera}: more than ${MAX_PARTS} parts of minute ${minute}`);
  }

  /** Bytes handed to the kernel. */
  get size(): number {
    return this.#size;
  }

  /** Appends bytes. Throws the error of write(2); `size` then tells how many of them went in. */
  async write(bytes: Buffer, start: number, end: number): Promise<void> {
    this.#isSynced = false;
    for (let position = start; position < end; ) {
      const { bytesWritten } = await this.#file.write(bytes, position, end - position);
      this.#size += bytesWritten;
      position += bytesWritten;
    }
  }

  /** Whether the file has no name any more: what is written into it is lost. Throws the error of fstat(2). */
  async isRemoved(): Promise<boolean> {
    return (await this.#file.stat()).nlink === 0;
  }

  /** Makes what was written durable. */
  async sync(): Promise<void> {
    if (this.#isSynced) return;
    await this.#file.datasync();
    this.#isSynced = true;
  }

  /**
   * Ends the chunk with an end block and makes it durable. Throws the errors of write(2), fsync(2) and close(2); the chunk
   * is closed then, too, what it holds as durable as the disk lets us.
   */
  async finish(endUs: number): Promise<void> {
    const block = Buffer.alloc(BLOCK_HEADER_BYTES);
    writeBlockHeader(block, 0, { kind: BlockKind.end, length: 0, timeUs: endUs });
    const size = this.#size;
    try {
      await this.write(block, 0, block.length);
      await this.#file.datasync();
    } catch (error) {
      await this.abandon(size);
      throw error;
    }
    await this.#file.close();
  }

  /**
   * Gives the chunk up after a failed write, without an end block, cut at `size` bytes where the disk lets us. One that
   * holds no footage is removed. Returns whether it is still there.
   */
  async abandon(size: number): Promise<boolean> {
    if (size <= this.#originBytes) await rm(this.path, { force: true }).catch(() => {});
    await this.#file.truncate(size).catch(() => {}); // readers stop at a torn last block anyway
    await this.#file.datasync().catch(() => {});
    await this.#file.close().catch(() => {});
    return size > this.#originBytes;
  }
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
