import { Changing } from "../ui/store.ts";

/** A condition that concerns this page alone, in the form of the system's conditions. */
export interface PageCondition {
  id: string;
  severity: "warning";
  subject: string;
  message: string;
  advice: string;
  since: string;
}

/**
 * Whether this page is refused live pictures, because of its address or by a proxy: a problem of this viewer, not of
 * the system.
 */
export class LiveRefusal extends Changing {
  #condition: PageCondition | undefined;

  /** A list, so that it can be joined with the system's conditions. */
  get conditions(): readonly PageCondition[] {
    return this.#condition === undefined ? [] : [this.#condition];
  }

  /** @param advice what to set, in the api's words */
  tell(advice: string): void {
    if (this.#condition?.advice === advice) return;
    const since = new Date().toISOString();
    const message = "This page is refused live pictures.";
    this.#condition = { id: "live-refused", severity: "warning", subject: "live view", message, advice, since };
    this.changed();
  }

  clear(): void {
    if (this.#condition === undefined) return;
    this.#condition = undefined;
    this.changed();
  }
}
