import { useEffect, useLayoutEffect, useReducer } from "preact/hooks";

/** Something whose changes can be listened to. */
export interface Observable {
  /** Calls back after each change; returns a function that ends it. */
  subscribe(listener: () => void): () => void;
}

/** The base of everything on the page that changes and is looked at by several parts. */
export class Changing implements Observable {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Renders the component anew whenever one of the things changes. */
export function useChanges(...things: Observable[]): void {
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  // Before anything else can run: what changed between drawing and listening would never be shown.
  useLayoutEffect(() => {
    const ends = things.map((thing) => thing.subscribe(() => rerender(undefined)));
    return () => {
      for (const end of ends) end();
    };
  }, things);
}

/** Renders the component anew every so many ms, for texts such as "since 5 min". */
export function useTick(intervalMs: number): void {
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = window.setInterval(() => rerender(undefined), intervalMs);
    return () => window.clearInterval(timer);
  }, [intervalMs]);
}
