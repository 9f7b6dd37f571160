import type { CameraConfig } from "../../../shared/config/config.ts";
import type { CameraAwayError } from "../errors/camera-error.ts";
import type { RtspSession } from "../rtsp/session.ts";
import type { CameraMemory } from "./camera-memory.ts";
import { noKeyframe, nothingHeard, notReached, noUdpPackets, stalled } from "./errors.ts";
import { Silence } from "./silence.ts";

/**
 * Decides when to give a session up, by the times at which the camera sent something. All times are of
 * performance.now().
 */
export class GiveUpRule {
  readonly #camera: CameraConfig;
  readonly #silence: Silence;
  /** When the camera last sent anything. */
  #heardMs = performance.now();
  #keyframeMs = performance.now();
  #hasStream = false;
  #hasNewPackets = false;

  constructor(camera: CameraConfig, memory: CameraMemory) {
    this.#camera = camera;
    this.#silence = new Silence(camera.stallTimeoutMs, memory);
  }

  /** When the camera last sent anything. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** The session plays. */
  opened(): void {
    this.#heardMs = this.#keyframeMs = performance.now();
  }

  /** The camera sent something. */
  heard(): void {
    this.#heardMs = performance.now();
  }

  /** What came is a packet of the video. */
  packet(): void {
    this.#hasStream = this.#hasNewPackets = true;
  }

  /** What came completes a keyframe. */
  keyframe(): void {
    this.#keyframeMs = this.#heardMs;
  }

  /** An RTCP report of the video's source came. */
  report(): void {
    this.#silence.report(performance.now());
  }

  /** Everything from one read has been reported. */
  batchEnd(): void {
    if (this.#hasNewPackets) this.#silence.video(this.#heardMs);
    this.#hasNewPackets = false;
  }

  /** Interval at which to send keep-alives that show whether the camera is alive; undefined while it sends video. */
  questionIntervalMs(nowMs: number): number | undefined {
    return this.#silence.questionIntervalMs(nowMs);
  }

  /**
   * Why the session should be given up; undefined while the camera sends what it should.
   * @param hasRecoveryPoints whether the stream announced points other than keyframes at which decoding may begin
   */
  reason(nowMs: number, session: RtspSession, hasRecoveryPoints: boolean): CameraAwayError | undefined {
    const { connectTimeoutMs, keyframeTimeoutMs } = this.#camera;
    const { answeredMs, isOverUdp, triedAddresses } = session;
    const silentMs = nowMs - this.#heardMs;
    if (!this.#hasStream && silentMs > connectTimeoutMs) {
      if (isOverUdp) return noUdpPackets(silentMs);
      return triedAddresses === undefined ? nothingHeard(silentMs) : notReached(silentMs, triedAddresses);
    }
    if (this.#silence.isStalled(nowMs, answeredMs)) {
      const { videoMs, reportMs } = this.#silence;
      return stalled(nowMs - videoMs, (answeredMs ?? 0) > videoMs || reportMs > videoMs);
    }
    return nowMs - this.#keyframeMs > keyframeTimeoutMs ? noKeyframe(keyframeTimeoutMs, hasRecoveryPoints) : undefined;
  }

  /** The session is given up: if the camera has stalled, notes that for the next sessions. */
  giveUp(nowMs: number, session: RtspSession): void {
    const { answeredMs } = session;
    if (!this.#silence.isStalled(nowMs, answeredMs)) return;
    this.#silence.stalled(answeredMs);
    session.giveUp(this.#silence.videoMs);
  }
}
