import { Changing } from "./store.ts";

const SHOWN_MS = 5000;

/** A short message to the viewer that disappears by itself: "Link copied". */
export class Notice extends Changing {
  #text = "";
  #timer = 0;

  get text(): string {
    return this.#text;
  }

  say(text: string): void {
    window.clearTimeout(this.#timer);
    this.#text = text;
    this.#timer = window.setTimeout(() => {
      this.#text = "";
      this.changed();
    }, SHOWN_MS);
    this.changed();
  }
}
