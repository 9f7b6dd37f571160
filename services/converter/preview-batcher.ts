import type { Keyframe } from "../../shared/pictures/frame-grabber.ts";

/** What decodes a batch; see FrameGrabber. */
export interface Grabber {
  grab(keyframes: readonly Keyframe[], isLenient?: boolean): Promise<(Buffer | undefined)[]>;
}

interface Waiting {
  keyframe: Keyframe;
  resolve(picture: Buffer | undefined): void;
  reject(error: unknown): void;
}

const MAX_BATCH = 16;

/**
 * Lets the first frames of several minutes share one ffmpeg process, whose start costs more than decoding a picture.
 * Minutes of cameras that start recording files at the same time are converted at about the same time; a lone one waits for
 * company no longer than `windowMs`. Only pictures with the same parameter sets go together, and only one process runs
 * at a time.
 */
export class PreviewBatcher {
  readonly #grabber: Grabber;
  readonly #windowMs: number;
  readonly #groups = new Map<string, Waiting[]>();
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
      const key = keyframe.configuration.avcC.toString("latin1");
      const group = this.#groups.get(key) ?? [];
      group.push({ keyframe, resolve, reject });
      if (group.length === 1) {
        this.#groups.set(key, group);
        setTimeout(() => this.#start(key, group), this.#windowMs);
      }
      if (group.length === MAX_BATCH) this.#start(key, group);
    });
  }

  /** As `grab`, at once and with damage concealed. */
  async grabDamaged(keyframe: Keyframe): Promise<Buffer | undefined> {
    const [picture] = await this.#grabber.grab([keyframe], true);
    return picture;
  }

  #start(key: string, group: Waiting[]): void {
    if (this.#groups.get(key) !== group) return; // already under way, having been full
    this.#groups.delete(key);
    this.#running = this.#running.then(() => this.#decode(group));
  }

  async #decode(group: Waiting[]): Promise<void> {
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
