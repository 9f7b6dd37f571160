const RTP_CLOCK_RATE = 90_000;
const HISTORY = 512;

/** When a frame was captured, on the true wall clock and on the camera's own RTP clock. */
export interface Capture {
  captureTimeUs: number;
  /** 90 kHz ticks of the camera's clock since its start, without offset and without wrapping. */
  ticks: number;
}

/**
 * The clock by which a camera takes its pictures. The camera assumes that it captures at exactly its frame rate; a
 * clock that runs fast by some ppm makes the true intervals shorter, while the RTP timestamps stay evenly spaced. Pure:
 * time is an argument.
 */
export class CameraClock {
  private readonly intervalTicks: number;
  private anchorUs: number;
  private anchorTicks = 0;
  private ticksAtNext = 0;
  private nextIndex = 0;
  private nextLateTicks = 0;
  private driftPpm = 0;
  private jumpTicks = 0;
  private readonly history: Capture[] = [];

  /** @param startUs when frame 0 is captured, µs since the Unix epoch. */
  constructor(fps: number, startUs: number) {
    this.intervalTicks = RTP_CLOCK_RATE / fps;
    this.anchorUs = startUs;
  }

  /** The true time at which the next frame is due. */
  get dueUs(): number {
    return this.trueTimeUs(this.ticksAtNext + this.nextLateTicks);
  }

  /** The index of the next frame, in capture order. */
  get index(): number {
    return this.nextIndex;
  }

  /**
   * Captures the next frame and returns its index. The frame after it will be `nextLateUs` late against an even frame
   * rate, and its RTP timestamp will include that.
   */
  capture(nextLateUs = 0): number {
    this.history[this.nextIndex % HISTORY] = {
      captureTimeUs: Math.round(this.dueUs),
      ticks: Math.round(this.ticksAtNext + this.nextLateTicks) + this.jumpTicks,
    };
    this.ticksAtNext = ++this.nextIndex * this.intervalTicks;
    this.nextLateTicks = Math.round((nextLateUs * RTP_CLOCK_RATE) / 1e6);
    return this.nextIndex - 1;
  }

  /** The capture of a recent frame. */
  at(index: number): Capture {
    const capture =
      index < this.nextIndex && index > this.nextIndex - HISTORY ? this.history[index % HISTORY] : undefined;
    if (!capture) throw new RangeError(`frame ${index} is not among the last ${HISTORY} captured`);
    return capture;
  }

  /** What the camera's RTP clock shows at a moment, in ticks. */
  ticksAt(timeUs: number): number {
    const elapsedUs = (timeUs - this.anchorUs) * (1 + this.driftPpm / 1e6);
    return Math.round(this.anchorTicks + (elapsedUs * RTP_CLOCK_RATE) / 1e6) + this.jumpTicks;
  }

  /** Makes the camera's clock run fast (slow, when negative) by this many ppm from the next frame on. */
  setDrift(ppm: number): void {
    this.anchorUs = this.trueTimeUs(this.ticksAtNext);
    this.anchorTicks = this.ticksAtNext;
    this.driftPpm = ppm;
  }

  /** Makes the RTP clock jump ahead at the next frame, while the true times continue unchanged. */
  jump(milliseconds: number): void {
    this.jumpTicks += Math.round((milliseconds * RTP_CLOCK_RATE) / 1000);
  }

  /** The wall clock was stepped: the true times follow the new one from now on. */
  stepWallClock(stepUs: number): void {
    this.anchorUs += stepUs;
  }

  private trueTimeUs(ticks: number): number {
    return this.anchorUs + ((ticks - this.anchorTicks) * 1e6) / RTP_CLOCK_RATE / (1 + this.driftPpm / 1e6);
  }
}
