import { HOUR_MS, MINUTE_MS } from "../time/minute.ts";
import type { Session } from "./session.ts";

/** Listens to the keyboard, wherever the focus is but in a field. Returns a function that ends it. */
export function listenToKeys(session: Session, onHelp: () => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || isTyping(event.target)) return;
    // The help has the keys, Escape above all, while it is open.
    if (document.querySelector("dialog[open]") !== null) return;
    // Space and Enter on a focused button or link press that.
    if (event.key === " " && event.target instanceof HTMLElement && event.target.closest("button, a, select, dialog"))
      return;
    if (actOn(event, session, onHelp)) event.preventDefault();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

function actOn(event: KeyboardEvent, session: Session, onHelp: () => void): boolean {
  const { player } = session;
  const direction = event.key === "ArrowLeft" || event.key === "PageUp" ? -1 : 1;
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowRight":
      if (event.ctrlKey) session.moveDays(direction);
      else session.moveBy(direction * (event.shiftKey ? HOUR_MS : MINUTE_MS));
      return true;
    case "PageUp":
    case "PageDown":
      session.moveDays(direction);
      return true;
  }
  if (event.ctrlKey) return false;
  const actions: Record<string, () => unknown> = {
    " ": () => session.togglePlay(),
    k: () => session.togglePlay(),
    ",": () => player.step(-1),
    ".": () => player.step(1),
    "[": () => session.changeSpeed(-1),
    "]": () => session.changeSpeed(1),
    i: () => session.mark("in"),
    o: () => session.mark("out"),
    Escape: () => session.clearMarks(),
    "+": () => session.zoom(-1),
    "=": () => session.zoom(-1),
    "-": () => session.zoom(1),
    d: () => session.showDay(),
    n: () => session.goToNewest(),
    g: () => document.getElementById("go-to-time")?.focus(),
    s: () => session.saveFrame(),
    l: () => session.copyLink(),
    t: () => session.setAlone(!session.isAlone),
    "?": onHelp,
  };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const camera = /^[1-9]$/.test(key) ? session.cameras[Number(key) - 1] : undefined;
  const action = camera === undefined ? actions[key] : () => session.seek(session.timeMs, camera);
  action?.();
  return action !== undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}
