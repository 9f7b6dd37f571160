import { Changing } from "../ui/store.ts";

/** What the viewer is told of this page alone, in the form of the system's conditions. */
export interface PageCondition {
  id: string;
  severity: "warning";
  subject: string;
  message: string;
  advice: string;
  since: string;
}

/** Whether this page is refused its live pictures, for its address or by a proxy: the system is well, but the viewer is not. */
export class LiveRefusal extends Changing {
  #condition: PageCondition | undefined;

  /** As a list, to go with the system's conditions. */
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
