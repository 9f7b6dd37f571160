import type { Page } from "playwright-core";

/** A displayed frame: the simulator's counter in its pixels, and when it was seen, ms since the Unix epoch. */
export interface SeenFrame {
  counter: number;
  atMs: number;
}

const SQUARE = 16;
const BITS = 16;

/** Waits for a live picture on the page and reads its frames for a while, from a video element or a canvas. */
export async function readLiveFrames(page: Page, shownOn: "video" | "canvas", seconds: number): Promise<SeenFrame[]> {
  await page.locator(`.live[data-shown="${shownOn}"]`).waitFor({ timeout: 20_000 });
  return page.evaluate(watchPixels, { shownOn, seconds, square: SQUARE, bits: BITS });
}

interface WatchOptions {
  shownOn: "video" | "canvas";
  seconds: number;
  square: number;
  bits: number;
}

/** Runs in the page. */
async function watchPixels({ shownOn, seconds, square, bits }: WatchOptions): Promise<SeenFrame[]> {
  // biome-ignore lint/suspicious/noExplicitAny: the page's globals are not among the types of a Node program
  const page = globalThis as any;
  const canvas = page.document.createElement("canvas");
  canvas.width = square * (bits + 2);
  canvas.height = square;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const isWhite = (index: number) => context.getImageData(index * square + square / 2, square / 2, 1, 1).data[0] > 128;
  const frames: SeenFrame[] = [];
  const read = () => {
    const element = page.document.querySelector(`.live[data-shown="${shownOn}"] ${shownOn}`);
    if (element === null) return;
    context.drawImage(element, 0, 0);
    if (!isWhite(0) || isWhite(1)) return;
    let counter = 0;
    for (let bit = 0; bit < bits; bit++) counter = counter * 2 + (isWhite(bit + 2) ? 1 : 0);
    if (frames.at(-1)?.counter !== counter) frames.push({ counter, atMs: Date.now() });
  };
  const endMs = Date.now() + seconds * 1000;
  await new Promise<void>((resolve) => {
    const onFrame = () => {
      read();
      if (Date.now() < endMs) page.requestAnimationFrame(onFrame);
      else resolve();
    };
    onFrame();
  });
  return frames;
}
