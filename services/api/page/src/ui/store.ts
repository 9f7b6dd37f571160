import { useEffect, useLayoutEffect, useReducer } from "preact/hooks";

/** Something whose changes can be observed. */
export interface Observable {
  /** Calls back after each change; returns a function that ends this. */
  subscribe(listener: () => void): () => void;
}

/** The base class of everything on the page that changes and has several observers. */
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

/** Renders the component again whenever one of the things changes. */
export function useChanges(...things: Observable[]): void {
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  // A layout effect, so that nothing can run first: a change between drawing and subscribing would never be shown.
  useLayoutEffect(() => {
    const ends = things.map((thing) => thing.subscribe(() => rerender(undefined)));
    return () => {
      for (const end of ends) end();
    };
  }, things);
}

/** Renders the component again at an interval in ms, for texts such as "since 5 min". */
export function useTick(intervalMs: number): void {
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = window.setInterval(() => rerender(undefined), intervalMs);
    return () => window.clearInterval(timer);
  }, [intervalMs]);
}
