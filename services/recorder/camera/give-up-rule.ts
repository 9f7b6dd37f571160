import type { CameraConfig } from "../../../shared/config/config.ts";
import type { CameraAwayError } from "../errors/camera-error.ts";
import type { RtspSession } from "../rtsp/session.ts";
import type { CameraMemory } from "./camera-memory.ts";
import { noKeyframe, nothingHeard, notReached, noUdpPackets, stalled } from "./errors.ts";
import { Silence } from "./silence.ts";

/** Tells when a session should be given up, from the times at which the camera was heard. They are of performance.now(). */
export class GiveUpRule {
  readonly #camera: CameraConfig;
  readonly #silence: Silence;
  /** When anything was heard from the camera. */
  #heardMs = performance.now();
  #keyframeMs = performance.now();
  #hasStream = false;
  #hasNewPackets = false;

  constructor(camera: CameraConfig, memory: CameraMemory) {
    this.#camera = camera;
    this.#silence = new Silence(camera.stallTimeoutMs, memory);
  }

  /** When anything was heard from the camera last. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** It plays. */
  opened(): void {
    this.#heardMs = this.#keyframeMs = performance.now();
  }

  /** Something came. */
  heard(): void {
    this.#heardMs = performance.now();
  }

  /** What came is a packet of the video. */
  packet(): void {
    this.#hasStream = this.#hasNewPackets = true;
  }

  /** What came makes a keyframe whole. */
  keyframe(): void {
    this.#keyframeMs = this.#heardMs;
  }

  /** An RTCP report of the video's source came. */
  report(): void {
    this.#silence.report(performance.now());
  }

  /** All that one read brought has been told. */
  batchEnd(): void {
    if (this.#hasNewPackets) this.#silence.video(this.#heardMs);
    this.#hasNewPackets = false;
  }

  /** How soon an answer is wanted that tells whether the camera is there; undefined while it sends. */
  questionIntervalMs(nowMs: number): number | undefined {
    return this.#silence.questionIntervalMs(nowMs);
  }

  /**
   * Why the session should be given up; undefined while the camera sends what it should.
   * @param hasRecoveryPoints whether it told where decoding may begin without a keyframe
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

  /** The session is given up: of a camera that has stalled, that is noted for the next ones. */
  giveUp(nowMs: number, session: RtspSession): void {
    const { answeredMs } = session;
    if (!this.#silence.isStalled(nowMs, answeredMs)) return;
    this.#silence.stalled(answeredMs);
    session.giveUp(this.#silence.videoMs);
  }
}
