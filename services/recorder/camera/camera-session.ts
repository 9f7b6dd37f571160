import { setImmediate as nextTurn } from "node:timers/promises";
import { parseSps, type Sps, SpsError } from "../../../shared/codec/h264/sps.ts";
import type { CameraConfig, RecorderConfig } from "../../../shared/config/config.ts";
import { ChunkPlanner } from "../chunk/chunk-planner.ts";
import type { ChunkRecorder } from "../chunk/chunk-recorder.ts";
import { CaptureClock } from "../clock/capture-clock.ts";
import type { SystemClock } from "../clock/system-clock.ts";
import type { CameraAwayError } from "../errors/camera-error.ts";
import type { Quote } from "../errors/quote.ts";
import type { LiveTap } from "../live/live-tap.ts";
import { parseSenderReport, reportsOf } from "../rtcp/sender-report.ts";
import { AccessUnitBuffer } from "../rtp/access-unit-buffer.ts";
import { H264Depacketizer } from "../rtp/h264-depacketizer.ts";
import { emptyRtpPacket, parseRtpPacket } from "../rtp/packet.ts";
import { ParameterSets } from "../rtp/parameter-sets.ts";
import { SequenceTracker } from "../rtp/sequence.ts";
import type { BatchedSockets } from "../rtsp/batched-socket.ts";
import type { VideoTrack } from "../rtsp/sdp.ts";
import { RtspSession } from "../rtsp/session.ts";
import type { CameraMemory } from "./camera-memory.ts";
import { noKeyframe, nothingHeard, notReached, noUdpPackets, stalled } from "./errors.ts";
import { Silence } from "./silence.ts";
import { type StreamFigures, StreamMeter } from "./stream-meter.ts";

/** What a session is given. */
export interface CameraSessionOptions {
  camera: CameraConfig;
  /** What earlier sessions have learned about the camera, and what this one adds. */
  memory: CameraMemory;
  /** Makes the camera's words fit to be shown. */
  quote: Quote;
  recorder: RecorderConfig;
  sockets: BatchedSockets;
  /** What is recorded goes to these, and is written there also after the session's end. */
  chunks: ChunkRecorder;
  clock: SystemClock;
  live: LiveTap;
  origin: { recorder: string; session: number; boot: string };
  /** The session is over and has let go of the camera; nothing is called after it. */
  ended(error: CameraAwayError): void;
}

/** What a session counted so far. */
export interface SessionCounters {
  frames: number;
  bytes: number;
  damagedFrames: number;
  droppedFrames: number;
  lostPackets: number;
}

/** How often `tick` is called: what is due before the next call is done in this one. */
export const PULSE_MS = 250;
/** Fewer bad packets than this are told by the count of damaged frames alone. */
const MANY_BAD_PACKETS = 100;
/** What is left for the event loop and the kernel of the time until a frame must be written. */
const WRITE_MARGIN_MS = 100;

/**
 * One RTSP session of a camera, from connect to teardown, and the chunks recorded from it. It has no timers: its owner
 * calls `tick` every 250 ms.
 */
export class CameraSession {
  readonly #options: CameraSessionOptions;
  readonly #session: RtspSession;
  readonly #buffer: AccessUnitBuffer;
  readonly #chunks: ChunkRecorder;
  readonly #packet = emptyRtpPacket();
  readonly #sequence = new SequenceTracker();
  readonly #meter = new StreamMeter();
  readonly #counters: SessionCounters = { frames: 0, bytes: 0, damagedFrames: 0, droppedFrames: 0, lostPackets: 0 };
  #parameterSets = new ParameterSets();
  #parameterSetsVersion = -1;
  #sps: Sps | undefined;
  #payloadType = -1;
  #clock: CaptureClock | undefined;
  #planner: ChunkPlanner | undefined;
  #depacketizer: H264Depacketizer | undefined;
  /** When anything was heard from the camera. */
  #heardMs = performance.now();
  readonly #silence: Silence;
  #keyframeMs = performance.now();
  #waitingSinceMs: number | undefined;
  #hasStream = false;
  #hasNewPackets = false;
  #isSkippingToKeyframe = false;
  /** Whether frames go to those who watch live; follows `live.isWatched` at each tick. */
  #isLive = false;
  #isOver = false;
  #endedBy: CameraAwayError | undefined;
  #cameraClockOffsetMs: number | undefined;

  /** Throws TypeError when the camera's URL is none. */
  constructor(options: CameraSessionOptions) {
    this.#options = options;
    const { camera, recorder, chunks, origin } = options;
    this.#buffer = new AccessUnitBuffer(Math.floor(recorder.maxBufferBytes / 2)); // the other half waits for the disk
    this.#chunks = chunks;
    this.#silence = new Silence(camera.stallTimeoutMs, options.memory);
    const written = (bytes: Buffer) => {
      if (!this.#isOver) this.#buffer.recycle(bytes);
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
        heard: () => {
          this.#heardMs = performance.now();
        },
        closed: (error) => this.#end(error),
      },
      {
        transport: camera.transport,
        tls: camera.tls,
        auth: camera.auth,
        redirectHosts: camera.redirectHosts,
        connectTimeoutMs: camera.connectTimeoutMs,
        memory: options.memory.rtsp,
        quote: options.quote,
      },
    );
  }

  /** Whether frames are being recorded: a keyframe has come. */
  get isRecording(): boolean {
    return this.#counters.frames > 0;
  }

  get counters(): Readonly<SessionCounters> {
    return this.#counters;
  }

  get sps(): Sps | undefined {
    return this.#sps;
  }

  get figures(): StreamFigures | undefined {
    return this.#meter.figures;
  }

  get driftPpm(): number | undefined {
    return this.#clock?.driftPpm;
  }

  /** How far the camera's own wall clock is ahead of ours by its last RTCP sender report; undefined without one. */
  get cameraClockOffsetMs(): number | undefined {
    return this.#cameraClockOffsetMs;
  }

  /** What is wrong with the stream, though it is recorded. */
  get streamProblem(): string | undefined {
    if (this.#buffer.hasOverflowed) {
      return `frames larger than its share of memory were left out: lower its bit rate, or raise recorder.maxBuffer`;
    }
    const { interleavedPackets = 0, badPackets = 0 } = this.#depacketizer?.counters ?? {};
    if (interleavedPackets > 0 || badPackets >= MANY_BAD_PACKETS) {
      return interleavedPackets > 0
        ? `it sends H.264 in interleaved mode (STAP-B, MTAP, FU-B), whose frames are left out: set packetization mode 1, or choose another of its streams`
        : `${MANY_BAD_PACKETS} packets were none that RFC 6184 allows, and their frames were left out: update its firmware`;
    }
    const { udpProblem } = this.#session;
    if (udpProblem !== undefined && this.#counters.lostPackets > 0) {
      return `UDP packets were lost, and ${udpProblem}`;
    }
    const rate = this.#clock?.wrongRate;
    if (rate === undefined) return undefined;
    return (
      `its RTP clock runs at ${rate.toPrecision(2)} of its rate, so that frames are ` +
      "timed by their arrival: update its firmware, or choose another of its streams"
    );
  }

  /** Capture time of the newest frame handed to the disk, µs since the Unix epoch; 0 before the first. */
  get newestFrameUs(): number {
    return this.#planner?.newestUs ?? 0;
  }

  /** Connects and plays. Throws CameraRefusedError or CameraAwayError; `ended` is not called then. */
  async open(): Promise<void> {
    try {
      await this.#session.open();
      this.#heardMs = this.#keyframeMs = performance.now();
    } catch (error) {
      this.#stop();
      throw this.#endedBy ?? error;
    }
  }

  /** Flushes what is due, keeps the session alive, and ends it when the camera has fallen silent. */
  tick(nowMs: number): void {
    if (this.#isOver) return;
    if (this.#reasonToGiveUp(nowMs) !== undefined) {
      void this.#giveUp(nowMs);
      return;
    }
    this.#session.keepAlive(nowMs, this.#silence.questionIntervalMs(nowMs));
    if (this.#options.live.isWatched !== this.#isLive) this.#setLive(!this.#isLive);
    // The clock is anchored by arrivals that are known exactly; from then on cheaper ones will do, unless somebody watches.
    if (this.#clock?.isSettled === true && !this.#isLive) this.#session.readInBatches();
    if (this.#waitingSinceMs !== undefined) {
      const { flushIntervalMs, readIntervalMs } = this.#options.recorder;
      const latestMs = flushIntervalMs - readIntervalMs - PULSE_MS - WRITE_MARGIN_MS;
      if (nowMs - this.#waitingSinceMs >= latestMs) this.#flush();
    }
  }

  /** Ends the session in good order: what came is on its way to the disk. `ended` is not called. */
  async close(): Promise<void> {
    await this.#readWhatCame();
    this.#stop();
  }

  /** What the kernel holds since the last batch was read has come, too: it is read in the next turn of the loop. */
  async #readWhatCame(): Promise<void> {
    this.#session.readAtOnce();
    await nextTurn();
    await nextTurn();
  }

  #described(track: VideoTrack): void {
    this.#payloadType = track.payloadType;
    this.#parameterSets = new ParameterSets(track.parameterSets);
    const clock = new CaptureClock(this.#options.clock, track.clockRate, this.#options.memory.wrongRate);
    this.#clock = clock;
    this.#planner = new ChunkPlanner(clock);
    this.#depacketizer = new H264Depacketizer(this.#buffer, this.#parameterSets, {
      unwrap: (timestamp, isKeyframe) => clock.unwrap(timestamp, isKeyframe),
      frame: (rtpUs, bytes, isKeyframe) => this.#frame(rtpUs, bytes, isKeyframe),
    });
  }

  /** A sender report tells of the camera's own wall clock, nothing that times are made from: docs/design/time.md. */
  #rtcp(bytes: Buffer, start: number, end: number): void {
    if (reportsOf(bytes, start, end, this.#packet.ssrc)) this.#silence.report(performance.now());
    const report = parseSenderReport(bytes, start, end);
    if (report === undefined || report.ssrc !== this.#packet.ssrc) return;
    const captureTimeUs = this.#clock?.captureTimeOfTimestamp(report.rtpTimestamp);
    if (captureTimeUs === undefined) return;
    this.#cameraClockOffsetMs = Math.round((report.ntpUs - captureTimeUs) / 1000);
  }

  #rtp(bytes: Buffer, start: number, end: number): void {
    const packet = this.#packet;
    if (this.#isOver || this.#depacketizer === undefined || !parseRtpPacket(bytes, start, end, packet)) return;
    if (packet.payloadType !== this.#payloadType) return;
    this.#hasStream = this.#hasNewPackets = true;
    const lost = this.#sequence.take(packet.sequenceNumber, packet.ssrc, packet.timestamp);
    if (lost === -1) return;
    if (lost > 0) {
      this.#counters.lostPackets += lost;
      this.#depacketizer.lost();
    }
    this.#depacketizer.take(bytes, packet);
  }

  #frame(rtpUs: number, bytes: number, isKeyframe: boolean): void {
    this.#counters.frames++;
    this.#counters.bytes += bytes;
    this.#meter.frame(rtpUs, bytes, isKeyframe);
    if (this.#isLive) this.#sendLive(rtpUs, isKeyframe);
    if (!isKeyframe) return;
    this.#keyframeMs = this.#heardMs;
    if (this.#parameterSets.version !== this.#parameterSetsVersion) this.#readSps();
  }

  /** Begins or ends live view: what was gathered is written first, so that the newest GOP can be read from the disk. */
  #setLive(isLive: boolean): void {
    if (isLive && this.#clock?.isSettled !== true) return; // soon
    this.#isLive = isLive;
    if (isLive) {
      this.#session.readAtOnce();
      this.#flush();
      this.#options.live.begin(this.#chunks.newestGop());
    } else {
      this.#options.live.end();
    }
  }

  #sendLive(rtpUs: number, isKeyframe: boolean): void {
    const unit = this.#buffer.newest();
    const timeUs = this.#clock?.peekCaptureTimeUs(rtpUs);
    if (unit === undefined || timeUs === undefined) return;
    this.#options.live.frame(timeUs, isKeyframe, unit.bytes, unit.start, unit.end);
  }

  #readSps(): void {
    this.#parameterSetsVersion = this.#parameterSets.version;
    try {
      const nal = this.#parameterSets.sequence.at(-1);
      if (nal !== undefined) this.#sps = parseSps(nal);
    } catch (error) {
      if (!(error instanceof SpsError)) throw error;
      this.#sps = undefined;
    }
  }

  #batchEnd(): void {
    if (this.#isOver || this.#depacketizer === undefined) return;
    if (this.#hasNewPackets) this.#silence.video(this.#heardMs);
    this.#hasNewPackets = false;
    this.#counters.damagedFrames = this.#depacketizer.counters.damagedFrames;
    this.#clock?.observe();
    if (this.#buffer.waitingBytes > 0) this.#waitingSinceMs ??= this.#heardMs;
  }

  /** Hands what was gathered to the disk, once the clock can tell its times. */
  #flush(): void {
    if (this.#clock?.isSettled === true) this.#handOver();
  }

  #handOver(): void {
    this.#waitingSinceMs = undefined;
    const batch = this.#buffer.take();
    if (batch === undefined || this.#planner === undefined) return;
    if (!this.#chunks.hasRoomFor(batch.bytes.length)) this.#isSkippingToKeyframe = true;
    if (this.#isSkippingToKeyframe) {
      const first = this.#chunks.hasRoomFor(batch.bytes.length) ? batch.units.findIndex((unit) => unit.isKeyframe) : -1;
      const dropped = batch.units.splice(0, first === -1 ? batch.units.length : first);
      this.#counters.droppedFrames += dropped.length;
      if (first === -1) return;
      this.#isSkippingToKeyframe = false;
    }
    this.#chunks.push(this.#planner.plan(batch));
  }

  /** Why the session should be given up; undefined while the camera sends what it should. */
  #reasonToGiveUp(nowMs: number): CameraAwayError | undefined {
    const { connectTimeoutMs, keyframeTimeoutMs } = this.#options.camera;
    const { answeredMs, isOverUdp, triedAddresses } = this.#session;
    const silentMs = nowMs - this.#heardMs;
    if (!this.#hasStream && silentMs > connectTimeoutMs) {
      if (isOverUdp) return noUdpPackets(silentMs);
      return triedAddresses === undefined ? nothingHeard(silentMs) : notReached(silentMs, triedAddresses);
    }
    if (this.#hasStream && this.#silence.isStalled(nowMs, answeredMs)) {
      const { videoMs } = this.#silence;
      return stalled(nowMs - videoMs, (answeredMs ?? 0) > videoMs || this.#silence.reportMs > videoMs);
    }
    if (nowMs - this.#keyframeMs <= keyframeTimeoutMs) return undefined;
    return noKeyframe(keyframeTimeoutMs, (this.#depacketizer?.counters.recoveryPoints ?? 0) > 0);
  }

  /** Ends the session, unless what has come since the last batch was read is what was missing. */
  async #giveUp(nowMs: number): Promise<void> {
    await this.#readWhatCame();
    const reason = this.#reasonToGiveUp(nowMs);
    if (reason === undefined || this.#isOver) return;
    if (this.#hasStream && this.#silence.isStalled(nowMs, this.#session.answeredMs)) {
      this.#silence.stalled(this.#session.answeredMs);
      this.#session.giveUp(this.#silence.videoMs);
    }
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
    this.#depacketizer?.end();
    this.#counters.damagedFrames = this.#depacketizer?.counters.damagedFrames ?? 0;
    if (this.#isLive) this.#options.live.end();
    if (this.#clock !== undefined) this.#options.memory.wrongRate = this.#clock.rateVerdict;
    this.#session.close();
    this.#handOver();
    this.#chunks.push(this.#planner?.end() ?? []);
    this.#buffer.free();
  }
}
