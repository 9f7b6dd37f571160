import type { Turns } from "../limits/turns.ts";
import { FootageChangedError } from "./held-file.ts";
import type { IndexTurn } from "./held-index.ts";
import type { LaidOut, RangeFile } from "./range-file.ts";

export interface RangeTurnParts {
  turns: Turns;
  client: string;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
  layOut: (mostPictures?: number) => Promise<LaidOut>;
}

/** The turn of one range: while it lasts, the range may be laid out and its index be held in memory. */
export class RangeTurn implements IndexTurn {
  readonly #parts: RangeTurnParts;
  #end: (() => void) | undefined;
  /** What was laid out, by its tag. */
  #etag = "";

  constructor(parts: RangeTurnParts) {
    this.#parts = parts;
  }

  get isWanted(): boolean {
    return this.#parts.turns.isWanted(this.#parts.client);
  }

  /** Waits for the turn, unless it is there. Throws as `Turns.take`. */
  async begin(): Promise<void> {
    this.#end ??= await this.#parts.turns.take(this.#parts.client, this.#parts.signal);
  }

  end(): void {
    this.#end?.();
    this.#end = undefined;
  }

  /** As `layOutRange`. */
  async layOut(mostPictures?: number): Promise<LaidOut> {
    const laidOut = await this.#parts.layOut(mostPictures);
    if ("file" in laidOut) this.#etag = laidOut.file.entity.etag;
    return laidOut;
  }

  /** Waits for a turn once more, and makes the index anew. Throws FootageChangedError when it is another. */
  async again(): Promise<Buffer[]> {
    await this.begin();
    try {
      return await indexOf(await this.#parts.layOut(), this.#etag);
    } catch (error) {
      this.end();
      throw error;
    }
  }
}

async function indexOf(laidOut: LaidOut | RangeFile, etag: string): Promise<Buffer[]> {
  if (!("file" in laidOut)) throw new FootageChangedError("what a range was laid out of is gone");
  const { file } = laidOut;
  await file.close();
  if (file.entity.etag === etag) return file.takeIndex();
  throw new FootageChangedError("a minute of the range has changed while nothing was read of it");
}
