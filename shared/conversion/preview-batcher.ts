import type { Keyframe } from "../pictures/keyframe.ts";

/** Decodes a batch; see FrameGrabber. */
export interface Grabber {
  grab(keyframes: readonly Keyframe[], isLenient?: boolean): Promise<(Buffer | undefined)[]>;
}

interface Waiting {
  keyframe: Keyframe;
  resolve(picture: Buffer | undefined): void;
  reject(error: unknown): void;
}

interface Group {
  key: string;
  waiting: Waiting[];
  /** When to stop waiting for further pictures, by performance.now(). */
  untilMs: number;
  timer?: NodeJS.Timeout;
  isDue: boolean;
}

/** Maximum number of pictures that share a process. */
export const MAX_BATCH = 16;
/** Maximum wait of a batch, as a multiple of `windowMs`. */
const MAX_WINDOWS = 8;

/**
 * Lets the first frames of several minutes share one ffmpeg process, whose start costs more than decoding four
 * pictures. The minutes of all cameras end within a GOP of one another. A batch begins when it is full, or `windowMs`
 * after its last picture came, but at most eight times that after its first. Only pictures with the same parameter sets
 * share a batch. Only one process runs at a time, and a batch that waits for its turn still accepts pictures.
 */
export class PreviewBatcher {
  readonly #grabber: Grabber;
  readonly #windowMs: number;
  /** Batches that still accept pictures, by parameter sets. */
  readonly #groups = new Map<string, Group>();
  #running: Promise<void> = Promise.resolve();

  constructor(grabber: Grabber, windowMs: number) {
    this.#grabber = grabber;
    this.#windowMs = windowMs;
  }

  /**
   * The picture of a keyframe as JPEG, or undefined when it cannot be decoded. That is decided by decoding it alone, so
   * that no other picture of the batch is to blame. Throws what the grabber throws.
   */
  grab(keyframe: Keyframe): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      const { codec, boxContent } = keyframe.configuration;
      const group = this.#groupOf(`${codec.name} ${boxContent.toString("latin1")}`);
      group.waiting.push({ keyframe, resolve, reject });
      if (group.waiting.length === MAX_BATCH) {
        this.#groups.delete(group.key);
        this.#start(group);
      } else if (!group.isDue) {
        clearTimeout(group.timer);
        const leftMs = group.untilMs - performance.now();
        group.timer = setTimeout(() => this.#start(group), Math.min(this.#windowMs, Math.max(leftMs, 0)));
      }
    });
  }

  /** As `grab`, but at once, alone, and with damage concealed. */
  async grabDamaged(keyframe: Keyframe): Promise<Buffer | undefined> {
    const [picture] = await this.#grabber.grab([keyframe], true);
    return picture;
  }

  #groupOf(key: string): Group {
    const untilMs = performance.now() + MAX_WINDOWS * this.#windowMs;
    const group = this.#groups.get(key) ?? { key, waiting: [], untilMs, isDue: false };
    this.#groups.set(key, group);
    return group;
  }

  #start(group: Group): void {
    clearTimeout(group.timer);
    if (group.isDue) return;
    group.isDue = true;
    this.#running = this.#running.then(() => {
      if (this.#groups.get(group.key) === group) this.#groups.delete(group.key);
      return this.#decode(group.waiting);
    });
  }

  async #decode(group: readonly Waiting[]): Promise<void> {
    try {
      const pictures = await this.#grabber.grab(group.map(({ keyframe }) => keyframe));
      for (const [index, waiting] of group.entries()) {
        const picture = pictures[index];
        if (picture !== undefined) waiting.resolve(picture);
        else if (group.length === 1) waiting.resolve(undefined);
        else await this.#decode([waiting]);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
