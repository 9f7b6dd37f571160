import { type Browser, chromium } from "playwright-core";

/** A headless Chromium of Debian's, which plays H.264. Throws when it is not installed. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}

/** The simulator's squares in the picture: white, black, then 16 bits, the most significant first, 16 pixels each. */
const SQUARE = 16;
const BITS = 16;

/**
 * Plays a video of the camera simulator in Chromium for some seconds and returns the frame counters read from the pixels
 * of the frames that it showed, in their order.
 */
export async function readPlayedCounters(url: string, seconds: number, startAt = 0): Promise<number[]> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(new URL("/health", url).href); // the same origin, so that the pixels may be read
    return await page.evaluate(playAndRead, { url, seconds, startAt, square: SQUARE, bits: BITS });
  } finally {
    await browser.close();
  }
}

interface PlayOptions {
  url: string;
  seconds: number;
  startAt: number;
  square: number;
  bits: number;
}

/** Runs in the page. */
async function playAndRead({ url, seconds, startAt, square, bits }: PlayOptions): Promise<number[]> {
  // biome-ignore lint/suspicious/noExplicitAny: the page's globals are not among the types of a Node program
  const page = globalThis as any;
  const video = page.document.createElement("video");
  video.muted = true;
  video.src = url;
  page.document.body.append(video);
  const canvas = page.document.createElement("canvas");
  canvas.width = square * (bits + 2);
  canvas.height = square;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const counters: number[] = [];
  const isWhite = (index: number) => context.getImageData(index * square + square / 2, square / 2, 1, 1).data[0] > 128;
  const read = () => {
    context.drawImage(video, 0, 0);
    if (!isWhite(0) || isWhite(1)) throw new Error("the reference squares are not where they should be");
    let value = 0;
    for (let bit = 0; bit < bits; bit++) value = value * 2 + (isWhite(bit + 2) ? 1 : 0);
    counters.push(value);
  };
  await new Promise<void>((resolve, reject) => {
    video.onerror = () => reject(new Error(`the video does not play: ${video.error?.message}`));
    const onFrame = () => {
      try {
        read();
      } catch (error) {
        reject(error as Error);
      }
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    video.onloadedmetadata = () => {
      if (startAt > 0) video.currentTime = startAt;
      video.play().catch(reject);
    };
    page.setTimeout(resolve, seconds * 1000);
  });
  return counters;
}
