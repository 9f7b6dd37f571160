import type { CameraConfig } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import type { Minute } from "../../../shared/time/minute.ts";
import { ChunkRecorder } from "../chunk/chunk-recorder.ts";
import { UnsafeError } from "../chunk/disk-trouble.ts";
import type { RecordingDisks } from "../chunk/recording-disks.ts";
import {
  asCameraError,
  CameraAwayError,
  type CameraError,
  CameraRefusedError,
  RecorderFaultError,
} from "../errors/camera-error.ts";
import { CameraSession, type CameraSessionOptions, type SessionCounters } from "./camera-session.ts";
import { describeSize, pictureOf } from "./picture-size.ts";

/** Options of a camera's recorder, besides those that it passes on to its sessions. */
export interface CameraRecorderOptions extends Omit<CameraSessionOptions, "origin" | "chunks" | "ended"> {
  origin: { recorder: string; boot: string };
  disks: RecordingDisks;
  chunkClosed(minute: Minute): void;
  logger: Logger;
}

/** After a session that recorded at least this long, the next failure starts with the shortest pause. */
const GOOD_SESSION_MS = 30_000;
/** How long a disk may take to write what waits in memory once the camera is stopped. */
const STOP_TIMEOUT_MS = 10_000;

/**
 * Keeps one camera recorded: opens a session, and reopens it after growing pauses when it fails. A lasting problem is
 * logged when it begins, when it changes and when it ends, and counted in between.
 */
export class CameraRecorder {
  readonly camera: CameraConfig;
  readonly #options: CameraRecorderOptions;
  readonly #totals: SessionCounters = { frames: 0, bytes: 0, damagedFrames: 0, droppedFrames: 0, lostPackets: 0 };
  #chunks: ChunkRecorder;
  #session: CameraSession | undefined;
  #sessions = 0;
  /** How many of these sessions recorded. */
  #recordings = 0;
  #state: CameraState = "connecting";
  #sinceMs = Date.now();
  #problem: string | undefined;
  #diskProblem: string | undefined;
  /** Since when the disk accepts nothing. */
  #unwrittenMs: number | undefined;
  #streamProblem: string | undefined;
  #failures = 0;
  #retryMs = 0;
  #retryAtMs: number | undefined = 0;
  #openedMs = 0;
  #isStopped = false;

  constructor(options: CameraRecorderOptions) {
    this.camera = options.camera;
    this.#options = options;
    this.#chunks = this.#newChunks();
  }

  /** Why the camera's directory cannot be written, while that is so. */
  get diskProblem(): string | undefined {
    return this.#diskProblem === undefined ? undefined : this.#named(this.#diskProblem);
  }

  /** Does what is due. To be called every TICK_INTERVAL_MS. */
  tick(nowMs: number): void {
    if (this.#isStopped) return;
    this.#chunks.tick(nowMs);
    if (this.#chunks.isStranded) this.#leaveChunks();
    if (this.#retryAtMs !== undefined && nowMs >= this.#retryAtMs) this.#open(nowMs);
    const session = this.#session;
    if (session === undefined) return;
    try {
      session.tick(nowMs);
    } catch (error) {
      void session.close(); // one camera in trouble harms no other
      this.#failed(session, asCameraError(error, this.#options.quote));
      return;
    }
    this.#tellOfStream(session.streamProblem);
    if (session.isRecording && this.#state !== "recording") this.#recording(session);
    if (this.#state === "recording" && nowMs - this.#openedMs > GOOD_SESSION_MS) this.#retryMs = 0;
  }

  /** Ends the recording cleanly. Resolves when everything received is written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#setState("stopped");
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
    if (session !== undefined) this.#count(session);
    await this.#giveUpChunks(this.#chunks, STOP_TIMEOUT_MS);
  }

  /** The camera's current status. */
  status(): CameraStatus {
    const session = this.#session;
    const counters = sum(this.#totals, session?.counters);
    const problem = this.#diskProblem ?? this.#problem ?? this.#streamProblem;
    const picture = session?.picture;
    const newestUs = session?.newestFrameUs ?? 0;
    return {
      camera: this.camera.id,
      recorder: this.#options.origin.recorder,
      ...this.#stateNow,
      ...(problem === undefined ? {} : { problem }),
      ...(picture === undefined ? {} : pictureOf(picture)),
      ...session?.figures,
      ...counters,
      sessions: this.#sessions,
      reconnects: Math.max(0, this.#recordings - 1),
      ...(session?.cameraClockOffsetMs === undefined ? {} : { cameraClockOffsetMs: session.cameraClockOffsetMs }),
      ...(session?.driftPpm === undefined ? {} : { clockDriftPpm: Math.round(session.driftPpm * 10) / 10 }),
      ...(newestUs === 0 ? {} : { newestFrame: new Date(newestUs / 1000).toISOString() }),
    };
  }

  get #stateNow(): Pick<CameraStatus, "state" | "since"> {
    const isUnwritten = this.#state === "recording" && this.#unwrittenMs !== undefined;
    const sinceMs = isUnwritten ? Math.max(this.#sinceMs, this.#unwrittenMs ?? 0) : this.#sinceMs;
    return { state: isUnwritten ? "unwritten" : this.#state, since: new Date(sinceMs).toISOString() };
  }

  #open(nowMs: number): void {
    this.#retryAtMs = undefined;
    this.#openedMs = nowMs;
    const session = new CameraSession({
      ...this.#options,
      origin: { ...this.#options.origin, session: ++this.#sessions },
      chunks: this.#chunks,
      ended: (error) => this.#failed(session, error),
    });
    this.#session = session;
    session.open().catch((error: unknown) => {
      this.#failed(session, asCameraError(error, this.#options.quote));
    });
  }

  #newChunks(): ChunkRecorder {
    const { camera, recorder, disks, chunkClosed } = this.#options;
    const chunks: ChunkRecorder = new ChunkRecorder({
      camera: camera.id,
      directory: camera.directory,
      maxBufferBytes: Math.floor(recorder.maxBufferBytes / 2), // the other half is for what a session gathers
      syncIntervalMs: recorder.syncIntervalMs,
      disks,
      closed: chunkClosed,
      trouble: (error) => {
        if (this.#chunks === chunks) this.#diskTrouble(error);
      },
    });
    return chunks;
  }

  /**
   * The disk hung and was unmounted: operations on it may never end, so the camera is recorded to what is mounted there
   * now.
   */
  #leaveChunks(): void {
    const left = this.#chunks;
    this.#chunks = this.#newChunks();
    this.#diskTrouble(undefined);
    const session = this.#session;
    const away = new CameraAwayError("its disk hung and was unmounted", "the camera is opened again by itself");
    if (session === undefined) void this.#giveUpChunks(left, 0);
    else {
      void session.close().then(() => this.#giveUpChunks(left, 0));
      this.#failed(session, away);
    }
  }

  /** Waits at most `limitMs` for what is still to be written, and logs what is lost after that. */
  async #giveUpChunks(chunks: ChunkRecorder, limitMs: number): Promise<void> {
    const lostBytes = await chunks.stop(limitMs);
    if (lostBytes === 0) return;
    this.#options.logger.error(this.#named(`${lostBytes} bytes of video that waited for the disk are lost`));
  }

  #recording(session: CameraSession): void {
    const { logger } = this.#options;
    const { picture } = session;
    const shown = picture === undefined ? "" : ` ${picture.codec} ${describeSize(picture)}`;
    const after = this.#failures > 0 ? ` after ${this.#failures} failed attempts` : "";
    logger.info(`camera ${this.camera.id}: recording${shown}${after}`);
    this.#failures = 0;
    this.#recordings++;
    this.#problem = undefined;
    this.#setState("recording");
  }

  #failed(session: CameraSession, error: CameraError): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#count(session);
    const { camera } = this;
    const problem = `${error.message}${error.advice === "" ? "" : `: ${error.advice}`}`;
    if (problem !== this.#problem) {
      const { logger } = this.#options;
      if (error instanceof RecorderFaultError) logger.error(this.#named(problem), { error: error.cause });
      else logger.warn(this.#named(problem));
    }
    this.#problem = problem;
    this.#failures++;
    this.#setState(error instanceof CameraRefusedError ? "refused" : session.isRecording ? "stalled" : "connecting");
    this.#retryAtMs = performance.now() + Math.max(camera.retryMinMs, this.#retryMs);
    this.#retryMs = Math.min(camera.retryMaxMs, Math.max(camera.retryMinMs, this.#retryMs) * 2);
  }

  #tellOfStream(problem: string | undefined): void {
    if (problem !== undefined && this.#streamProblem === undefined) this.#options.logger.warn(this.#named(problem));
    this.#streamProblem = problem;
  }

  /** With the camera's name, for logs and for lists with the problems of several cameras. */
  #named(problem: string): string {
    return `camera ${this.camera.id}: ${problem}`;
  }

  #diskTrouble(error: Error | undefined): void {
    const { logger } = this.#options;
    const { directory } = this.camera;
    const problem =
      error === undefined
        ? undefined
        : `cannot write in ${directory}: ${error.message}: make room, check its rights and its disk`;
    // After a failed sync what was written may be lost, but frames are still being written.
    const isUnwritten = error !== undefined && !(error instanceof UnsafeError);
    this.#unwrittenMs = isUnwritten ? (this.#unwrittenMs ?? Date.now()) : undefined;
    if (problem === this.#diskProblem) return;
    if (problem !== undefined) logger.error(this.#named(problem));
    else logger.info(this.#named(`${directory} can be written again`));
    this.#diskProblem = problem;
  }

  #count(session: CameraSession): void {
    Object.assign(this.#totals, sum(this.#totals, session.counters));
  }

  #setState(state: CameraState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = Date.now();
  }
}

function sum(a: SessionCounters, b: SessionCounters | undefined): SessionCounters {
  if (b === undefined) return { ...a };
  return {
    frames: a.frames + b.frames,
    bytes: a.bytes + b.bytes,
    damagedFrames: a.damagedFrames + b.damagedFrames,
    droppedFrames: a.droppedFrames + b.droppedFrames,
    lostPackets: a.lostPackets + b.lostPackets,
  };
}
