import { setImmediate as nextTurn } from "node:timers/promises";
import type { CameraConfig, RecorderConfig } from "../../../shared/config/config.ts";
import type { ChunkRecorder } from "../chunk/chunk-recorder.ts";
import type { SystemClock } from "../clock/system-clock.ts";
import type { PictureDescription } from "../codec/depacketizer.ts";
import type { CameraAwayError } from "../errors/camera-error.ts";
import type { Quote } from "../errors/quote.ts";
import type { LiveTap } from "../live/live-tap.ts";
import type { BatchedSockets } from "../rtsp/batched-socket.ts";
import type { Track } from "../rtsp/sdp.ts";
import { RtspSession } from "../rtsp/session.ts";
import type { CameraMemory } from "./camera-memory.ts";
import { ChunkFeed } from "./chunk-feed.ts";
import { GiveUpRule } from "./give-up-rule.ts";
import type { StreamFigures } from "./stream-meter.ts";
import { type TrackCounters, TrackReceiver } from "./track-receiver.ts";

export interface CameraSessionOptions {
  camera: CameraConfig;
  /** What earlier sessions learned about the camera; this one adds to it. */
  memory: CameraMemory;
  /** Makes a text from the camera safe to show. */
  quote: Quote;
  recorder: RecorderConfig;
  sockets: BatchedSockets;
  /** Receives what is recorded, and goes on writing it after the session's end. */
  chunks: ChunkRecorder;
  clock: SystemClock;
  live: LiveTap;
  origin: { recorder: string; session: number; boot: string };
  /** The session is over and has disconnected from the camera; nothing is called after this. */
  ended(error: CameraAwayError): void;
}

/** The counters of a session. */
export interface SessionCounters extends TrackCounters {
  /** Access units that were dropped because there was no room for them. */
  droppedFrames: number;
}

/** The track that is recorded: what receives it, and what hands it to the disk. */
interface ReceivedTrack {
  receiver: TrackReceiver;
  feed: ChunkFeed;
}

/**
 * One RTSP session of a camera, from connect to teardown, and the chunks recorded from it. It has no timers: its owner
 * calls `tick` every TICK_INTERVAL_MS.
 */
export class CameraSession {
  readonly #options: CameraSessionOptions;
  readonly #session: RtspSession;
  readonly #rule: GiveUpRule;
  #track: ReceivedTrack | undefined;
  /** Whether frames are sent to live view; follows `live.isWatched` at each tick. */
  #isLive = false;
  #isOver = false;
  #endedBy: CameraAwayError | undefined;

  /** Throws TypeError when the camera's URL is not an RTSP URL. */
  constructor(options: CameraSessionOptions) {
    this.#options = options;
    const { camera, chunks, origin, memory } = options;
    this.#rule = new GiveUpRule(camera, memory);
    const written = (bytes: Buffer) => {
      if (!this.#isOver) this.#track?.receiver.recycle(bytes);
    };
    chunks.begin({ origin, written });
    this.#session = new RtspSession(
      options.sockets,
      camera.url,
      {
        described: (track) => this.#described(track),
        rtp: (bytes, start, end) => this.#rtp(bytes, start, end),
        rtcp: (bytes, start, end) => this.#rtcp(bytes, start, end),
        batchEnd: () => this.#batchEnd(),
        heard: () => this.#rule.heard(),
        closed: (error) => this.#end(error),
      },
      {
        transport: camera.transport,
        tls: camera.tls,
        auth: camera.auth,
        redirectHosts: camera.redirectHosts,
        connectTimeoutMs: camera.connectTimeoutMs,
        memory: memory.rtsp,
        quote: options.quote,
      },
    );
  }

  /** Whether frames are being recorded: a keyframe has come. */
  get isRecording(): boolean {
    return (this.#track?.receiver.frames ?? 0) > 0;
  }

  get counters(): SessionCounters {
    const none = { frames: 0, bytes: 0, damagedFrames: 0, lostPackets: 0 };
    return { ...(this.#track?.receiver.counters ?? none), droppedFrames: this.#track?.feed.droppedFrames ?? 0 };
  }

  /** What the stream says about its pictures; undefined before the first keyframe, and when that cannot be read. */
  get picture(): PictureDescription | undefined {
    return this.#track?.receiver.picture;
  }

  get figures(): StreamFigures | undefined {
    return this.#track?.receiver.figures;
  }

  get driftPpm(): number | undefined {
    return this.#track?.receiver.clock.driftPpm;
  }

  /** How far the camera's wall clock is ahead of ours, by its last RTCP sender report; undefined without one. */
  get cameraClockOffsetMs(): number | undefined {
    return this.#track?.receiver.cameraClockOffsetMs;
  }

  /** What is wrong with the stream, though it is recorded. */
  get streamProblem(): string | undefined {
    if (this.#track === undefined) return undefined;
    const { problem, lostPackets, clock } = this.#track.receiver;
    if (problem !== undefined) return problem;
    const { udpProblem } = this.#session;
    if (udpProblem !== undefined && lostPackets > 0) {
      return `UDP packets were lost, and ${udpProblem}`;
    }
    const rate = clock.wrongRate;
    if (rate === undefined) return undefined;
    return (
      `its RTP clock runs at ${rate.toPrecision(2)} of its rate, so that frames are ` +
      "timed by their arrival: update its firmware, or choose another of its streams"
    );
  }

  /** Capture time of the newest frame handed to the disk, µs since the Unix epoch; 0 before the first. */
  get newestFrameUs(): number {
    return this.#track?.feed.newestFrameUs ?? 0;
  }

  /** Connects and plays. Throws CameraRefusedError or CameraAwayError; `ended` is not called then. */
  async open(): Promise<void> {
    try {
      await this.#session.open();
      this.#rule.opened();
    } catch (error) {
      this.#stop();
      throw this.#endedBy ?? error;
    }
  }

  /** Flushes what is due, keeps the session alive, and ends it when the camera has become silent. */
  tick(nowMs: number): void {
    if (this.#isOver) return;
    if (this.#reasonToGiveUp(nowMs) !== undefined) {
      void this.#giveUp(nowMs);
      return;
    }
    this.#session.keepAlive(nowMs, this.#rule.questionIntervalMs(nowMs));
    if (this.#options.live.isWatched !== this.#isLive) this.#setLive(!this.#isLive);
    // The anchor needs exact arrival times; after it, reading in batches is precise enough and cheaper, unless somebody
    // watches.
    if (this.#track?.receiver.clock.isSettled === true && !this.#isLive) this.#session.readInBatches();
    this.#track?.feed.flushIfDue(nowMs);
  }

  /** Ends the session cleanly: what came is on its way to the disk. `ended` is not called. */
  async close(): Promise<void> {
    await this.#readWhatCame();
    this.#stop();
  }

  /** Reads what the kernel received since the last batch: that happens in the next turn of the event loop. */
  async #readWhatCame(): Promise<void> {
    this.#session.readAtOnce();
    await nextTurn();
    await nextTurn();
  }

  /** Called again when the session is redirected. */
  #described(track: Track): void {
    this.#endTrack();
    const { clock, memory, recorder, chunks } = this.#options;
    const receiver = new TrackReceiver({
      track,
      clock,
      maxBufferBytes: Math.floor(recorder.maxBufferBytes / 2), // the other half waits for the disk
      wrongRate: memory.wrongRate,
      frame: (rtpUs, _bytes, isKeyframe) => this.#frame(receiver, rtpUs, isKeyframe),
    });
    this.#track = { receiver, feed: new ChunkFeed(receiver, chunks, recorder) };
  }

  #rtp(bytes: Buffer, start: number, end: number): void {
    if (!this.#isOver && this.#track?.receiver.rtp(bytes, start, end) === true) this.#rule.packet();
  }

  #rtcp(bytes: Buffer, start: number, end: number): void {
    if (this.#track?.receiver.rtcp(bytes, start, end) === true) this.#rule.report();
  }

  #frame(receiver: TrackReceiver, rtpUs: number, isKeyframe: boolean): void {
    if (isKeyframe) this.#rule.keyframe();
    if (!this.#isLive) return;
    const unit = receiver.newest();
    const timeUs = receiver.clock.peekCaptureTimeUs(rtpUs);
    if (unit === undefined || timeUs === undefined) return;
    const frame = { codec: receiver.codec, captureTimeUs: timeUs, isKeyframe };
    this.#options.live.frame(frame, unit.bytes, unit.start, unit.end);
  }

  #batchEnd(): void {
    if (this.#isOver || this.#track === undefined) return;
    this.#rule.batchEnd();
    this.#track.receiver.clock.observe();
    this.#track.feed.batchEnd(this.#rule.heardMs);
  }

  /**
   * Starts or stops live view. What was gathered is written first, so that the newest GOP can be read from the disk.
   */
  #setLive(isLive: boolean): void {
    if (isLive && this.#track?.receiver.clock.isSettled !== true) return; // a later tick starts it
    this.#isLive = isLive;
    if (isLive) {
      this.#session.readAtOnce();
      this.#track?.feed.flush();
      this.#options.live.begin(this.#options.chunks.newestGop());
    } else {
      this.#options.live.end();
    }
  }

  #reasonToGiveUp(nowMs: number): CameraAwayError | undefined {
    return this.#rule.reason(nowMs, this.#session, this.#track?.receiver.hasRecoveryPoints === true);
  }

  /** Ends the session, unless what was missing has come since the last batch was read. */
  async #giveUp(nowMs: number): Promise<void> {
    await this.#readWhatCame();
    const reason = this.#reasonToGiveUp(nowMs);
    if (reason === undefined || this.#isOver) return;
    this.#rule.giveUp(nowMs, this.#session);
    this.#end(reason);
  }

  #end(error: CameraAwayError): void {
    if (this.#isOver) return;
    this.#endedBy = error;
    this.#stop();
    this.#options.ended(error);
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endTrack();
    if (this.#isLive) this.#options.live.end();
    this.#session.close();
  }

  /** No more packets of the track will come: what came of it goes to the disk. */
  #endTrack(): void {
    if (this.#track === undefined) return;
    const { receiver, feed } = this.#track;
    receiver.end();
    this.#options.memory.wrongRate = receiver.clock.rateVerdict;
    feed.end();
    receiver.free();
  }
}
