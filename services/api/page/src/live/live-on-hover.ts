import { useEffect, useRef, useState } from "preact/hooks";

/** A pointer that only passes by starts nothing. */
const DELAY_MS = 300;

export interface LiveOnHover {
  isLive: boolean;
  toggle(): void;
  /** For the element that is pointed at. */
  handlers: { onPointerEnter(event: PointerEvent): void; onPointerLeave(event: PointerEvent): void };
}

/** Live while the mouse rests on something, or until a button is pressed again where there is no mouse. */
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
