import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { Problem } from "../http/problem.ts";
import { type TurnLimits, Turns } from "../limits/turns.ts";
import { drawSheet } from "./draw-sheet.ts";
import { HourCellFinder, type HourCells } from "./hour-cells.ts";
import type { CameraHour } from "./sheet-name.ts";
import { SheetStore } from "./sheet-store.ts";

export interface SpriteSheetsParts {
  files: StoreFiles;
  catalog: Catalog;
  config: LiveConfig;
  logger: Logger;
  /** Maximum size of all sheets on disk together. */
  maxBytes?: number;
}

/** A sheet, and the thumbnails of which it was made. */
export interface SpriteSheet {
  jpeg: Buffer;
  cells: HourCells;
}

/** Each sheet takes a thread of the pool. A tab of the page requests three at once. */
const TURNS: TurnLimits = { what: "sprite sheets", perClient: 2, inAll: 2, waitingPerClient: 32, waitingInAll: 128 };

/** The sprite sheets of cameras' hours: made at the first request, and again when the thumbnails have changed. */
export class SpriteSheets {
  readonly #files: StoreFiles;
  readonly #finder: HourCellFinder;
  readonly #store: SheetStore;
  readonly #logger: Logger;
  readonly #turns = new Turns(TURNS);
  /** By camera and hour, each of which is made only once at a time. */
  readonly #underWay = new Map<string, { key: string; jpeg: Promise<Buffer> }>();
  /** Number of sheets drawn. */
  drawn = 0;

  constructor(parts: SpriteSheetsParts) {
    this.#files = parts.files;
    this.#finder = new HourCellFinder(parts.files, parts.catalog);
    this.#store = new SheetStore(parts);
    this.#logger = parts.logger;
  }

  /**
   * The sheet of an hour as it is now; undefined when the hour has no thumbnails. Throws Problem 429 when too many
   * sheets of the client wait to be made, 503 when too many wait in all, and the errors of readdir(3) and stat(2).
   *
   * @param client as `clientAddress` returns it
   */
  async get(which: CameraHour, client: string): Promise<SpriteSheet | undefined> {
    const cells = await this.#finder.find(which, Date.now());
    if (cells === undefined) {
      await this.#store.drop(which);
      return undefined;
    }
    const name = `${which.camera}.${which.hour}`;
    const other = this.#underWay.get(name);
    if (other?.key === cells.key) {
      const jpeg = await other.jpeg.catch(unlessProblem);
      return jpeg === undefined ? this.get(which, client) : { jpeg, cells };
    }
    if (other !== undefined) {
      await other.jpeg.catch(() => {});
      return this.get(which, client);
    }
    const jpeg = this.#readOrDraw(which, cells, client).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, { key: cells.key, jpeg });
    return { jpeg: await jpeg, cells };
  }

  async #readOrDraw(which: CameraHour, cells: HourCells, client: string): Promise<Buffer> {
    const kept = await this.#store.read(which, cells.key);
    if (kept !== undefined) return kept;
    const giveBack = await this.#turns.take(client);
    try {
      this.drawn++;
      const sheet = await drawSheet(this.#files, cells.paths, (path, error) =>
        this.#logger.warn("a thumbnail cannot be shown in its sprite sheet", { path, error }),
      );
      const jpeg = await this.#store.write(which, sheet, cells.key);
      // Footage that was deleted while the sheet was drawn must not stay in it: its deletion removed only an earlier
      // sheet.
      const now = await this.#finder.find(which, Date.now());
      if (now?.key !== cells.key) await this.#store.drop(which);
      return jpeg;
    } finally {
      giveBack();
    }
  }
}

/** Ignores the problem of another client that has reached its limit: this client may still have the sheet made. */
function unlessProblem(error: unknown): undefined {
  if (!(error instanceof Problem)) throw error;
}
