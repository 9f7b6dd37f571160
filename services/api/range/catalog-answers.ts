import type { DayIndex } from "../../../shared/catalog/day-index.ts";
import type { FootageDays } from "../../../shared/catalog/find-minutes.ts";

/**
 * Asks the catalog, and keeps its answers about one camera. The catalog returns the same index object for a day until
 * the folder changes, so that a change is detected without looking at a single file.
 */
export class CatalogAnswers implements FootageDays {
  readonly #catalog: FootageDays;
  #days: string[] | undefined;
  readonly #indexes = new Map<string, DayIndex[]>();

  constructor(catalog: FootageDays) {
    this.#catalog = catalog;
  }

  async daysWithFootage(camera: string): Promise<string[]> {
    this.#days ??= await this.#catalog.daysWithFootage(camera);
    return this.#days;
  }

  async day(camera: string, day: string): Promise<DayIndex[]> {
    const known = this.#indexes.get(day);
    if (known !== undefined) return known;
    const indexes = await this.#catalog.day(camera, day);
    this.#indexes.set(day, indexes);
    return indexes;
  }

  /** Number of days that were asked for. */
  get dayCount(): number {
    return this.#indexes.size;
  }

  /** Asks everything again; whether the answers are still the same. Throws the errors of readdir(3) and stat(2). */
  async areUnchanged(camera: string): Promise<boolean> {
    const [days, ...indexes] = await Promise.all([
      this.#catalog.daysWithFootage(camera),
      ...Array.from(this.#indexes.keys(), (day) => this.#catalog.day(camera, day)),
    ]);
    const before = [...this.#indexes.values()];
    return isSameList(days, this.#days ?? []) && before.every((each, i) => isSameList(each, indexes[i] ?? []));
  }

  /** Whether the folders of a day are unchanged since `other` asked for them. */
  isSameDay(other: CatalogAnswers, day: string): boolean {
    const [here, there] = [this.#indexes.get(day), other.#indexes.get(day)];
    return here !== undefined && there !== undefined && isSameList(here, there);
  }
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((each, i) => each === other[i]);
}
