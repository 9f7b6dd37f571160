import type { Page } from "playwright-core";
import { COUNTER } from "../../../../tests/support/counted-clip.ts";

/** The numbers that the matching videos show at one instant, in the order of the elements. */
export function readCounters(page: Page, selector: string): Promise<number[]> {
  return page.evaluate(readNow, { selector, ...COUNTER });
}

/**
 * Watches a picture for some seconds and returns the numbers that it showed, in order, without immediate repetitions.
 */
export function watchCounters(page: Page, selector: string, seconds: number): Promise<number[]> {
  return page.evaluate(watch, { selector, seconds, read: readNow.toString(), ...COUNTER });
}

interface Squares {
  selector: string;
  bits: number;
  square: number;
}

/** Runs in the page. */
function readNow({ selector, bits, square }: Squares): number[] {
  const canvas = document.createElement("canvas");
  canvas.width = bits * square;
  canvas.height = square;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("no canvas");
  return [...document.querySelectorAll<HTMLVideoElement>(selector)].map((video) => {
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let value = 0;
    for (let bit = 0; bit < bits; bit++) {
      const at = (Math.floor(square / 2) * canvas.width + bit * square + Math.floor(square / 2)) * 4;
      value = value * 2 + ((data[at] as number) > 128 ? 1 : 0);
    }
    return value;
  });
}

/** Runs in the page; `read` is the source of `readNow`, which does not exist there. */
function watch({
  selector,
  seconds,
  read,
  bits,
  square,
}: Squares & { seconds: number; read: string }): Promise<number[]> {
  const readNow = new Function(`return ${read}`)() as (squares: Squares) => number[];
  const seen: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  return new Promise((resolve) => {
    const look = () => {
      const [value] = readNow({ selector, bits, square });
      if (value !== undefined && value !== seen.at(-1)) seen.push(value);
      if (performance.now() < endMs) requestAnimationFrame(look);
      else resolve(seen);
    };
    look();
  });
}
