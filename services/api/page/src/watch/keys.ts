import { HOUR_MS, MINUTE_MS } from "../time/minute.ts";
import type { Viewing } from "./viewing.ts";

/** Handles the keyboard wherever the focus is, except in input fields. Returns a function that ends this. */
export function listenToKeys(viewing: Viewing, onHelp: () => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || isTyping(event.target)) return;
    // While the help is open, it gets the keys, above all Escape.
    if (document.querySelector("dialog[open]") !== null) return;
    // Space and Enter on a focused button or link activate that.
    if (event.key === " " && event.target instanceof HTMLElement && event.target.closest("button, a, select, dialog"))
      return;
    if (actOn(event, viewing, onHelp)) event.preventDefault();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

function actOn(event: KeyboardEvent, viewing: Viewing, onHelp: () => void): boolean {
  const { player } = viewing;
  const direction = event.key === "ArrowLeft" || event.key === "PageUp" ? -1 : 1;
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowRight":
      if (event.ctrlKey) viewing.moveDays(direction);
      else viewing.moveBy(direction * (event.shiftKey ? HOUR_MS : MINUTE_MS));
      return true;
    case "PageUp":
    case "PageDown":
      viewing.moveDays(direction);
      return true;
  }
  if (event.ctrlKey) return false;
  const actions: Record<string, () => unknown> = {
    " ": () => viewing.togglePlay(),
    k: () => viewing.togglePlay(),
    ",": () => player.step(-1),
    ".": () => player.step(1),
    "[": () => viewing.changeSpeed(-1),
    "]": () => viewing.changeSpeed(1),
    i: () => viewing.mark("in"),
    o: () => viewing.mark("out"),
    Escape: () => viewing.clearMarks(),
    "+": () => viewing.zoom(-1),
    "=": () => viewing.zoom(-1),
    "-": () => viewing.zoom(1),
    d: () => viewing.showDay(),
    n: () => viewing.goToNewest(),
    g: () => document.getElementById("go-to-time")?.focus(),
    s: () => viewing.saveFrame(),
    l: () => viewing.copyLink(),
    t: () => viewing.setAlone(!viewing.isAlone),
    "?": onHelp,
  };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const camera = /^[1-9]$/.test(key) ? viewing.cameras[Number(key) - 1] : undefined;
  const action = camera === undefined ? actions[key] : () => viewing.seek(viewing.timeMs, camera);
  action?.();
  return action !== undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}
