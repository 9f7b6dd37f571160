import type { Keyframe } from "../pictures/keyframe.ts";

/** What decodes a batch; see FrameGrabber. */
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
  /** When no more company is waited for, by the monotonic clock. */
  untilMs: number;
  timer?: NodeJS.Timeout;
  isDue: boolean;
}

/** The most pictures that share a process. */
export const MAX_BATCH = 16;
/** Where company keeps coming, it is waited for this many times as long as for the first. */
const MOST_WINDOWS = 8;

/**
 * Lets the first frames of several minutes share one ffmpeg process, whose start costs more than decoding four pictures.
 * Minutes of all cameras end within a GOP of one another; a lone one waits for company no longer than `windowMs`, and each
 * that comes is waited with as long again, up to eight times. Only pictures with the same parameter sets go together, and
 * only one process runs at a time: who comes before it is their turn still joins.
 */
export class PreviewBatcher {
  readonly #grabber: Grabber;
  readonly #windowMs: number;
  /** Those that may be joined, by parameter sets. */
  readonly #groups = new Map<string, Group>();
  #running: Promise<void> = Promise.resolve();

  constructor(grabber: Grabber, windowMs: number) {
    this.#grabber = grabber;
    this.#windowMs = windowMs;
  }

  /**
   * The picture of a keyframe as JPEG, or undefined when it cannot be decoded, which is found out alone: no other picture
   * of the batch is to blame. Throws what the grabber throws.
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

  /** As `grab`, at once and with damage concealed. */
  async grabDamaged(keyframe: Keyframe): Promise<Buffer | undefined> {
    const [picture] = await this.#grabber.grab([keyframe], true);
    return picture;
  }

  #groupOf(key: string): Group {
    const untilMs = performance.now() + MOST_WINDOWS * this.#windowMs;
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
