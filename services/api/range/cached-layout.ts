import type { FoundMinutes, MinutePlace } from "../../../shared/catalog/find-minutes.ts";
import { type FileIdentity, IDENTITY_NUMBERS } from "../../../shared/disk/head-thread.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { dayOf, type Minute } from "../../../shared/time/minute.ts";
import type { Entity } from "../http/conditional.ts";
import type { HeldFile } from "./held-file.ts";
import type { FootagePiece } from "./pieces.ts";

/** The memory of a layout besides its lists. */
const FIXED_BYTES = 2048;

/** A file that a range was laid out from, as it was then. */
export interface SeenFile {
  held: HeldFile;
  identity: FileIdentity;
}

/** What every answer about a range needs, whichever bytes of it are sent. */
export interface RangeFacts {
  entity: Entity;
  fileName: string;
  firstUs: number;
  pictures: number;
  indexBytes: number;
}

/** What a range was laid out from. */
export interface LayoutParts extends RangeFacts {
  camera: string;
  found: FoundMinutes;
  /** For the places that have an mp4 and no chunks. */
  seen: ReadonlyMap<MinutePlace, SeenFile>;
  pieces: readonly FootagePiece[];
}

/**
 * The positions of a range's media data, and the identities of its files when it was laid out. It takes some 50 bytes
 * a minute, and keeps no files open.
 */
export class CachedLayout {
  readonly facts: RangeFacts;
  readonly camera: string;
  readonly #reachesNewest: boolean;
  readonly #directories: string[];
  /** By file: the index of its directory, its minute as `digitsOf` returns it, and its identity. */
  readonly #directoryOf: Uint16Array;
  readonly #minutes: Float64Array;
  readonly #identities: BigUint64Array;
  /** By piece: its file, its start in the file, and its end in the range, counted from the end of the index. */
  readonly #files: Uint32Array;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;

  private constructor(parts: LayoutParts, places: readonly MinutePlace[], seen: readonly SeenFile[]) {
    const { entity, fileName, firstUs, pictures, indexBytes, camera, found, pieces } = parts;
    this.facts = { entity, fileName, firstUs, pictures, indexBytes };
    this.camera = camera;
    this.#reachesNewest = found.reachesNewest;
    this.#directories = [...new Set(places.map(({ directory }) => directory))];
    this.#directoryOf = Uint16Array.from(places, ({ directory }) => this.#directories.indexOf(directory));
    this.#minutes = Float64Array.from(places, ({ minute }) => digitsOf(minute));
    this.#identities = new BigUint64Array(seen.length * IDENTITY_NUMBERS);
    const indexes = new Map<HeldFile, number>();
    for (const [i, { held, identity }] of seen.entries()) {
      this.#identities.set([identity.ino, identity.size, identity.mtimeNs], i * IDENTITY_NUMBERS);
      indexes.set(held, i);
    }
    this.#files = Uint32Array.from(pieces, ({ file }) => indexes.get(file) as number);
    this.#starts = Float64Array.from(pieces, (piece) => ("offsets" in piece ? Number.NaN : piece.start));
    this.#ends = new Float64Array(pieces.length);
    let end = 0;
    for (const [i, piece] of pieces.entries()) this.#ends[i] = end += piece.length;
  }

  /** Undefined for a range with chunks, which grow and disappear, or with a file whose identity is unknown. */
  static of(parts: LayoutParts): CachedLayout | undefined {
    const places = parts.found.minutes.flat();
    const seen = places.map((place) => parts.seen.get(place)).filter((file) => file !== undefined);
    if (seen.length < places.length || parts.pieces.some((piece) => "offsets" in piece)) return undefined;
    return new CachedLayout(parts, places, seen);
  }

  /** Bytes of memory. */
  get bytes(): number {
    const lists = [this.#directoryOf, this.#minutes, this.#identities, this.#files, this.#starts, this.#ends];
    return lists.reduce((sum, { byteLength }) => sum + byteLength, FIXED_BYTES);
  }

  get fileCount(): number {
    return this.#minutes.length;
  }

  /** The day of a file's folder. */
  dayOf(file: number): string {
    return dayOf(this.#minuteOf(file));
  }

  path(file: number): string {
    const directory = this.#directories[this.#directoryOf[file] as number] as string;
    return minutePath(directory, this.camera, this.#minuteOf(file), "mp4");
  }

  /** The identity of a file when the range was laid out. */
  identity(file: number): FileIdentity {
    const at = file * IDENTITY_NUMBERS;
    const [ino, size, mtimeNs] = this.#identities.subarray(at, at + IDENTITY_NUMBERS) as unknown as [
      bigint,
      bigint,
      bigint,
    ];
    return { ino, size, mtimeNs };
  }

  /** Whether the minutes found now have the same names as those that the range was laid out from. */
  isOf({ minutes, reachesNewest }: FoundMinutes): boolean {
    const places = minutes.flat();
    if (places.length !== this.fileCount || reachesNewest !== this.#reachesNewest) return false;
    return places.every(
      ({ directory, minute, hasMp4, parts }, i) =>
        hasMp4 &&
        parts.length === 0 &&
        this.#directories[this.#directoryOf[i] as number] === directory &&
        this.#minutes[i] === digitsOf(minute),
    );
  }

  /** Whether files are unchanged, given their current identities. */
  areSame(files: readonly number[], identities: BigUint64Array): boolean {
    return files.every((file, i) => {
      for (let n = 0; n < IDENTITY_NUMBERS; n++) {
        if (this.#identities[file * IDENTITY_NUMBERS + n] !== identities[i * IDENTITY_NUMBERS + n]) return false;
      }
      return true;
    });
  }

  /** The pieces that contain the media bytes from `start` to `end` (exclusive), in order. */
  *pieces(start: number, end: number): Generator<{ file: number; start: number; length: number; position: number }> {
    for (let i = this.#firstPieceBehind(start); i < this.#ends.length; i++) {
      const position = i === 0 ? 0 : (this.#ends[i - 1] as number);
      if (position >= end) return;
      const length = (this.#ends[i] as number) - position;
      yield { file: this.#files[i] as number, start: this.#starts[i] as number, length, position };
    }
  }

  /** The first piece that ends after a position. */
  #firstPieceBehind(position: number): number {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] as number) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #minuteOf(file: number): Minute {
    const digits = String(this.#minutes[file]).padStart(12, "0");
    return `${digits.slice(0, 8)}.${digits.slice(8)}`;
  }
}

/** `YYYYMMDDHHMM` as a number. */
function digitsOf(minute: Minute): number {
  return Number(minute.slice(0, 8)) * 10_000 + Number(minute.slice(9));
}
