import { dirname } from "node:path";
import type { MinutePlace } from "../../../shared/catalog/find-minutes.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { dayOf } from "../../../shared/time/minute.ts";
import { HeldFile, type OpenFileBudget } from "./held-file.ts";
import type { OpenMp4 } from "./open-minute.ts";

/** How much of a file is read: it contains the index of most minutes, so that one read suffices. */
const HEAD_BYTES = 32 * 1024;
const MAX_MINUTES = 32;

/** Maximum number of buffers that are kept for the next range. */
const MAX_KEPT = 2;

/** Memory for the beginnings of files, shared by all ranges: allocating it for each costs more than filling it. */
export class HeadBuffers {
  /** Buffers that are not in use. */
  readonly #free: ArrayBuffer[] = [];

  /** Returns memory for the beginnings of at least `files` files. */
  take(files: number): ArrayBuffer {
    const free = this.#free.pop();
    return free !== undefined && free.byteLength >= files * HEAD_BYTES ? free : new ArrayBuffer(files * HEAD_BYTES);
  }

  giveBack(bytes: ArrayBuffer): void {
    if (this.#free.length < MAX_KEPT) this.#free.push(bytes);
  }
}

/** Groups of minutes that are opened together; the minutes of a group have the same name. */
export type Batch = readonly (readonly MinutePlace[])[];

/** Opens the mp4 files of a camera's minutes, many at a time. */
export class MinuteHeads {
  readonly #camera: string;
  readonly #budget: OpenFileBudget;
  readonly #buffers: HeadBuffers;

  constructor(camera: string, budget: OpenFileBudget, buffers: HeadBuffers) {
    this.#camera = camera;
    this.#budget = budget;
    this.#buffers = buffers;
  }

  /** Divides groups into batches that can be opened together: their files are in the same folder. */
  batches(groups: Batch): Batch[] {
    const batches: (readonly MinutePlace[])[][] = [];
    let before: MinutePlace | undefined;
    for (const group of groups) {
      const [place] = group;
      const last = batches.at(-1);
      if (last === undefined || last.length === MAX_MINUTES || !isSameFolder(before, place)) batches.push([group]);
      else last.push(group);
      before = place;
    }
    return batches;
  }

  /**
   * Opens the minutes of a batch that have an mp4 and no chunks, and passes them to `use`, which must close them;
   * their heads are valid until `use` has finished. Minutes that cannot be opened are left out. Rejects with
   * DiskHangsError, and as `use` does.
   */
  async with<Result>(batch: Batch, use: (mp4s: Map<MinutePlace, OpenMp4>) => Promise<Result>): Promise<Result> {
    const places = batch.flatMap((group) => (group.length === 1 && isMp4Alone(group[0]) ? group : []));
    const paths = places.map(({ directory, minute }) => minutePath(directory, this.#camera, minute, "mp4"));
    const [first] = paths;
    if (first === undefined) return use(new Map());
    const { files, bytes } = await this.#budget.files.openHeads(
      dirname(first),
      paths,
      HEAD_BYTES,
      this.#buffers.take(paths.length),
    );
    const mp4s = new Map<MinutePlace, OpenMp4>();
    for (const [i, place] of places.entries()) {
      const file = files[i];
      if (file === undefined) continue;
      mp4s.set(place, {
        held: HeldFile.of(paths[i] as string, file, this.#budget),
        head: file.head,
        identity: file.stats,
      });
    }
    try {
      return await use(mp4s);
    } finally {
      this.#buffers.giveBack(bytes);
    }
  }
}

function isSameFolder(one: MinutePlace | undefined, other: MinutePlace | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.directory === other.directory && dayOf(one.minute) === dayOf(other.minute);
}

function isMp4Alone(place: MinutePlace | undefined): boolean {
  return place?.hasMp4 === true && place.parts.length === 0;
}
