import { type Browser, chromium } from "playwright-core";

/** Launches Debian's Chromium, which plays H.264, headless. Throws when it is not installed. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}

/** The simulator's squares in the picture: white, black, then 16 bits, the most significant first, 16 pixels each. */
const SQUARE = 16;
const BITS = 16;

/** How long a busy machine may take to play the second or two that a test needs. */
const PATIENCE_MS = 60_000;

/** A displayed frame. */
export interface PlayedFrame {
  /** The simulator's frame counter, read from the pixels. */
  counter: number;
  /** Its position in the video according to the browser, s. */
  mediaTime: number;
}

/** Plays a video of the camera simulator in Chromium until `frames` frames were shown; returns them in their order. */
export async function readPlayedFrames(url: string, frames: number): Promise<PlayedFrame[]> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(new URL("/health", url).href); // the same origin, so that the pixels may be read
    return await page.evaluate(playAndRead, { url, frames, square: SQUARE, bits: BITS, patienceMs: PATIENCE_MS });
  } finally {
    await browser.close();
  }
}

interface PlayOptions {
  url: string;
  frames: number;
  square: number;
  bits: number;
  patienceMs: number;
}

/** Runs in the page. */
async function playAndRead({ url, frames, square, bits, patienceMs }: PlayOptions): Promise<PlayedFrame[]> {
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
  const played: PlayedFrame[] = [];
  const isWhite = (index: number) => context.getImageData(index * square + square / 2, square / 2, 1, 1).data[0] > 128;
  const read = (mediaTime: number) => {
    context.drawImage(video, 0, 0);
    if (!isWhite(0) || isWhite(1)) throw new Error("the reference squares are not where they should be");
    let value = 0;
    for (let bit = 0; bit < bits; bit++) value = value * 2 + (isWhite(bit + 2) ? 1 : 0);
    played.push({ counter: value, mediaTime });
  };
  await new Promise<void>((resolve, reject) => {
    video.onerror = () => reject(new Error(`the video does not play: ${video.error?.message}`));
    const onFrame = (_now: number, { mediaTime }: { mediaTime: number }) => {
      try {
        read(mediaTime);
      } catch (error) {
        reject(error as Error);
      }
      if (played.length >= frames) resolve();
      else video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    video.onloadedmetadata = () => video.play().catch(reject);
    page.setTimeout(() => reject(new Error(`only ${played.length} frames were shown`)), patienceMs);
  });
  return played;
}
