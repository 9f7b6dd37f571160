import { useEffect, useRef, useState } from "preact/hooks";

/** How long the pointer must stay before live starts: one that only passes over starts nothing. */
const DELAY_MS = 300;

export interface LiveOnHover {
  isLive: boolean;
  toggle(): void;
  /** Event handlers for the element to point at. */
  handlers: { onPointerEnter(event: PointerEvent): void; onPointerLeave(event: PointerEvent): void };
}

/** Shows live while the mouse rests on an element; without a mouse, from one press of the button to the next. */
export function useLiveOnHover(): LiveOnHover {
  const [isLive, setLive] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return {
    isLive,
    toggle: () => setLive((live) => !live),
    handlers: {
      onPointerEnter: ({ pointerType }) => {
        if (pointerType !== "mouse") return;
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setLive(true), DELAY_MS);
      },
      onPointerLeave: ({ pointerType }) => {
        if (pointerType !== "mouse") return;
        window.clearTimeout(timer.current);
        setLive(false);
      },
    },
  };
}
