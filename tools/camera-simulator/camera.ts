import { type AccessUnit, type BodyCache, BodyFactory } from "./access-unit.ts";
import { CameraClock } from "./camera-clock.ts";
import type { Clip } from "./clip.ts";
import type { ClipLibrary } from "./clip-library.ts";
import { clipParameters, singleKeyframeClip } from "./clip-parameters.ts";
import type { CameraConfig } from "./config.ts";
import { type FaultChange, FaultError, type Faults } from "./faults.ts";
import { FrameSource, type Playback } from "./frame-source.ts";
import type { SendLog } from "./log.ts";
import { createRandom, type Random } from "./random.ts";
import type { Task } from "./scheduler.ts";
import type { WallClock } from "./wall-clock.ts";

const MINUTE_US = 60e6;

/** What a camera needs from a client's session. */
export interface Viewer {
  /** Takes the next access unit. */
  offer(unit: AccessUnit): void;
  /** Called after each frame: sender reports, audio, metadata. */
  tick(nowUs: number): void;
  close(reason: string): void;
  describe(): object;
}

/** What all cameras of a process share. */
export interface Surroundings {
  clips: ClipLibrary;
  bodies: BodyCache;
  wallClock: WallClock;
  log: SendLog;
}

/** A simulated camera. It takes its pictures in real time, whether or not anybody is connected. */
export class Camera implements Task {
  readonly config: CameraConfig;
  readonly clock: CameraClock;
  readonly viewers = new Set<Viewer>();
  faults: Faults = {};
  /** The access units since the last keyframe, for clients that start with the current GOP. */
  currentGop: AccessUnit[] = [];
  private readonly around: Surroundings;
  private readonly source: FrameSource;
  private readonly factory: BodyFactory;
  private readonly homeClip: Clip;
  private frameNumber = 0;
  /** Captures that were skipped while the clip waited for its place in the minute. */
  private skipped = 0;
  private inPhase: boolean;
  private lastSps: Buffer | undefined;
  private refuseUntilUs = 0;
  private random: Random = createRandom(1);

  /** @param startUs when the first frame is captured, µs since the Unix epoch. */
  constructor(config: CameraConfig, clip: Clip, startUs: number, around: Surroundings) {
    this.config = config;
    this.around = around;
    this.homeClip = clip;
    this.source = new FrameSource({ clip });
    this.factory = new BodyFactory(config, around.bodies);
    this.inPhase = config.phase !== "minute";
    this.clock = new CameraClock(clip.parameters.fps, this.inPhase ? startUs : alignToFrame(startUs, clip));
  }

  get id(): string {
    return this.config.id;
  }

  /** The clip that is being sent. */
  get clip(): Clip {
    return this.source.clip;
  }

  get dueUs(): number {
    return this.clock.dueUs;
  }

  /** Whether a fault breaks the connections of clients that request this camera. */
  get refusesConnections(): boolean {
    return this.faults.refuseConnections === true || this.around.wallClock.nowUs() < this.refuseUntilUs;
  }

  run(nowUs: number): void {
    while (this.clock.dueUs <= nowUs) {
      const maxLateMs = this.faults.captureJitter?.maxMs ?? 0;
      const captured = this.clock.capture(maxLateMs === 0 ? 0 : this.random.next() * maxLateMs * 1000);
      this.sendWhatIsEncoded(captured);
    }
    for (const viewer of this.viewers) viewer.tick(nowUs);
  }

  /** The wall clock was stepped: the picture's time is corrected at the next suitable keyframe. */
  stepWallClock(stepUs: number): void {
    this.clock.stepWallClock(stepUs);
    if (this.config.phase === "minute") this.inPhase = false;
  }

  /**
   * Applies a change of faults. When the promise resolves, it is in force (or, for clips, waiting for its keyframe).
   */
  async change(change: FaultChange): Promise<void> {
    const { cut, clockJump, parameterChange, ...lasting } = change.set;
    const before = this.faults;
    const after: Faults = { ...before, ...lasting };
    for (const fault of change.clear) delete after[fault];
    const playback = await this.playbackFor(before, after, parameterChange);
    this.faults = after;
    if (playback) this.source.change(playback);
    if (lasting.seed !== undefined) this.random = createRandom(lasting.seed);
    if (after.driftPpm !== before.driftPpm) this.clock.setDrift(after.driftPpm ?? 0);
    if (clockJump) this.clock.jump(clockJump.ms);
    if (cut) {
      this.refuseUntilUs = this.around.wallClock.nowUs() + cut.refuseForMs * 1000;
      for (const viewer of this.viewers) viewer.close("cut");
    }
    if (Object.keys(change.set).length + change.clear.length === 0) return;
    const atUs = this.around.wallClock.nowUs();
    this.around.log.write({ event: "notice", camera: this.id, message: `faults: ${JSON.stringify(change)}`, atUs });
  }

  describe(): object {
    const { width, height, fps, bitrateKbit } = this.clip.parameters;
    const viewers = [...this.viewers].map((viewer) => viewer.describe());
    return { id: this.id, frames: this.frameNumber, width, height, fps, bitrateKbit, faults: this.faults, viewers };
  }

  private async playbackFor(
    before: Faults,
    after: Faults,
    parameterChange: Faults["parameterChange"],
  ): Promise<Playback | undefined> {
    const { clips } = this.around;
    if (parameterChange) {
      const parameters = clipParameters(parameterChange, this.homeClip.parameters);
      if (parameters.fps !== this.homeClip.parameters.fps) throw new FaultError("a camera cannot change its fps");
      return { clip: await clips.get(parameters) };
    }
    const seconds = (faults: Faults): number | undefined => (faults.endlessGop ? Infinity : faults.longGop?.seconds);
    if (seconds(before) === seconds(after)) return undefined;
    const wanted = seconds(after);
    if (wanted === undefined) return { clip: this.homeClip };
    const clip = await clips.get(singleKeyframeClip(this.homeClip.parameters));
    return { clip, keyframeEvery: Math.max(1, Math.round(wanted * clip.parameters.fps)) };
  }

  /** After the capture of frame `captured`: sends all frames that an encoder could output by then. */
  private sendWhatIsEncoded(captured: number): void {
    if (!this.inPhase && !this.findPhase(captured)) return;
    for (;;) {
      const next = this.source.peek();
      if (this.frameNumber + this.skipped + next.clip.reorderFrames > captured) return;
      this.emit();
    }
  }

  private emit(): void {
    const { clip, frame, clipIndex, displayIndex } = this.source.next();
    const { captureTimeUs, ticks } = this.clock.at(displayIndex + this.skipped);
    const n = this.frameNumber++;
    const announce = frame.keyframe && this.lastSps !== undefined && !this.lastSps.equals(clip.sps);
    if (frame.keyframe) this.lastSps = clip.sps;
    const stepTicks = Math.round((this.faults.clockSteps?.ms ?? 0) * 90);
    const unit: AccessUnit = {
      n,
      clipIndex,
      keyframe: frame.keyframe,
      captureTimeUs,
      ticks: stepTicks > 0 ? Math.floor(ticks / stepTicks) * stepTicks : ticks,
      body: this.factory.make(clip, frame, { n, captureTimeUs }, announce),
    };
    if (this.config.join === "gop-cache") {
      if (unit.keyframe) this.currentGop = [];
      this.currentGop.push(unit);
    }
    for (const viewer of this.viewers) viewer.offer(unit);
  }

  /** Whether the clip has a keyframe at this capture's place in the minute; if so, the clip continues from there. */
  private findPhase(captured: number): boolean {
    const { clip } = this.source;
    const intoMinuteUs = this.clock.at(captured).captureTimeUs % MINUTE_US;
    const clipIndex = Math.round((intoMinuteUs * clip.parameters.fps) / 1e6) % clip.frames.length;
    this.inPhase = clip.frames[clipIndex]?.keyframe === true;
    if (this.inPhase) this.source.seek(clipIndex);
    this.skipped = captured + (this.inPhase ? 0 : 1) - this.frameNumber;
    return this.inPhase;
  }
}

/** The first moment at or after `timeUs` at which a clip in phase with the minute has a frame. */
function alignToFrame(timeUs: number, clip: Clip): number {
  const minuteUs = Math.floor(timeUs / MINUTE_US) * MINUTE_US;
  const intervalUs = 1e6 / clip.parameters.fps;
  return minuteUs + Math.ceil((timeUs - minuteUs) / intervalUs) * intervalUs;
}
