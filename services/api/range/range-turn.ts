import type { Turns } from "../limits/turns.ts";
import { FootageChangedError } from "./held-file.ts";
import type { IndexTurn } from "./held-index.ts";
import type { LaidOut, NewRange, RangeFile } from "./range-file.ts";

/** The cache entry of one range. */
export interface CachedRange {
  /** The range as it was laid out before, if all that it was made from is unchanged. */
  find(): Promise<RangeFile | undefined>;
  /** The index of the range, if it is kept and has this tag. */
  index(etag: string): readonly Buffer[] | undefined;
  keep(range: NewRange): void;
  forget(): void;
}

export interface RangeTurnParts {
  turns: Turns;
  client: string;
  /** Aborts when the client has disconnected. */
  signal: AbortSignal;
  kept: CachedRange;
  layOut: (mostPictures?: number) => Promise<LaidOut<NewRange>>;
}

/** The turn of one range: during it, the range may be laid out and its index held in memory. */
export class RangeTurn implements IndexTurn {
  readonly #parts: RangeTurnParts;
  #end: (() => void) | undefined;
  /** The tag of the range that was laid out or found. */
  #etag = "";

  constructor(parts: RangeTurnParts) {
    this.#parts = parts;
  }

  get isWanted(): boolean {
    return this.#parts.turns.isWanted(this.#parts.client);
  }

  /** Waits for the turn, unless it has it. Throws as `Turns.take` does. */
  async begin(): Promise<void> {
    this.#end ??= await this.#parts.turns.take(this.#parts.client, this.#parts.signal);
  }

  end(): void {
    this.#end?.();
    this.#end = undefined;
  }

  /**
   * The range from the cache or, after waiting for the turn, laid out by `layOutRange`. `mostPictures` limits both.
   * Throws as `layOutRange` and `begin` do.
   */
  async layOut(mostPictures?: number): Promise<LaidOut> {
    const before = await this.#find(mostPictures);
    if (before !== undefined) return before;
    await this.begin();
    const meanwhile = await this.#find(mostPictures);
    if (meanwhile === undefined) return this.layOutAnew(mostPictures);
    this.end();
    return meanwhile;
  }

  /** Like `layOut`, but without looking in the cache, so that the files are open as far as the budget allows. */
  async layOutAnew(mostPictures?: number): Promise<LaidOut> {
    await this.begin();
    const laidOut = await this.#make(mostPictures);
    if ("file" in laidOut) this.#etag = laidOut.file.entity.etag;
    return laidOut;
  }

  /** Drops the range from the cache, since its footage has changed. */
  forget(): void {
    this.#parts.kept.forget();
  }

  kept(): readonly Buffer[] | undefined {
    return this.#parts.kept.index(this.#etag);
  }

  /** Waits for the turn and makes the index again. Throws FootageChangedError when it has changed. */
  async again(): Promise<Buffer[]> {
    await this.begin();
    try {
      return await indexOf(await this.#make(), this.#etag);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  async #find(mostPictures = Number.POSITIVE_INFINITY): Promise<RangeFile | undefined> {
    const found = await this.#parts.kept.find();
    if (found === undefined || found.pictures > mostPictures) return undefined;
    this.#etag = found.file.entity.etag;
    return found;
  }

  async #make(mostPictures?: number): Promise<LaidOut> {
    const laidOut = await this.#parts.layOut(mostPictures);
    if (!("file" in laidOut)) return laidOut;
    this.#parts.kept.keep(laidOut);
    const { file, fileName, firstUs, pictures } = laidOut; // without `keepable`, which the cache may drop earlier
    return { file, fileName, firstUs, pictures };
  }
}

async function indexOf(laidOut: LaidOut | RangeFile, etag: string): Promise<Buffer[]> {
  if (!("file" in laidOut)) throw new FootageChangedError("what a range was laid out of is gone");
  const { file } = laidOut;
  await file.close();
  if (file.entity.etag === etag) return file.takeIndex();
  throw new FootageChangedError("a minute of the range has changed while nothing was read of it");
}
