import type { VideoCodec } from "../../../shared/codec/video-codec.ts";
import { CaptureClock } from "../clock/capture-clock.ts";
import type { WrongRate } from "../clock/rate-gauge.ts";
import type { SystemClock } from "../clock/system-clock.ts";
import type { Depacketizer, PictureDescription } from "../codec/depacketizer.ts";
import { parseSenderReport, reportsOf } from "../rtcp/sender-report.ts";
import { type AccessUnitBatch, AccessUnitBuffer } from "../rtp/access-unit-buffer.ts";
import { emptyRtpPacket, parseRtpPacket } from "../rtp/packet.ts";
import { SequenceTracker } from "../rtp/sequence.ts";
import type { Track } from "../rtsp/sdp.ts";
import { type StreamFigures, StreamMeter } from "./stream-meter.ts";

export interface TrackReceiverOptions {
  track: Track;
  clock: SystemClock;
  /** Maximum number of bytes that may be gathered. */
  maxBufferBytes: number;
  /** The rate of its RTP timestamps that an earlier session measured, when they cannot be used. */
  wrongRate?: WrongRate | undefined;
  /**
   * An access unit is complete and kept. `rtpUs` is by the track's own clock: µs on the axis of CaptureClock.unwrap.
   */
  frame(rtpUs: number, bytes: number, isKeyframe: boolean): void;
}

/** The counters of a receiver. */
export interface TrackCounters {
  frames: number;
  bytes: number;
  damagedFrames: number;
  lostPackets: number;
}

/** Receives one track of a session: takes its packets and gathers access units, whose times come from its clock. */
export class TrackReceiver {
  readonly clock: CaptureClock;
  readonly codec: VideoCodec;
  readonly #payloadType: number;
  readonly #options: TrackReceiverOptions;
  readonly #buffer: AccessUnitBuffer;
  readonly #depacketizer: Depacketizer;
  readonly #packet = emptyRtpPacket();
  readonly #sequence = new SequenceTracker();
  readonly #meter = new StreamMeter();
  #frames = 0;
  #bytes = 0;
  #lostPackets = 0;
  #picture: PictureDescription | undefined;
  #cameraClockOffsetMs: number | undefined;

  constructor(options: TrackReceiverOptions) {
    const { payloadType, format } = options.track;
    this.#options = options;
    this.#payloadType = payloadType;
    this.codec = format.codec;
    this.clock = new CaptureClock(options.clock, format.clockRate, options.wrongRate);
    this.#buffer = new AccessUnitBuffer(options.maxBufferBytes);
    this.#depacketizer = format.depacketizer(this.#buffer, {
      unwrap: (timestamp, isKeyframe) => this.clock.unwrap(timestamp, isKeyframe),
      frame: (rtpUs, bytes, isKeyframe) => this.#frame(rtpUs, bytes, isKeyframe),
    });
  }

  get frames(): number {
    return this.#frames;
  }

  get counters(): TrackCounters {
    const { damagedFrames } = this.#depacketizer.counters;
    return { frames: this.#frames, bytes: this.#bytes, damagedFrames, lostPackets: this.#lostPackets };
  }

  get lostPackets(): number {
    return this.#lostPackets;
  }

  /** What the stream says about its pictures; undefined before the first keyframe, and when that cannot be read. */
  get picture(): PictureDescription | undefined {
    return this.#picture;
  }

  get figures(): StreamFigures | undefined {
    return this.#meter.figures;
  }

  /** How far the camera's wall clock is ahead of ours, by its last RTCP sender report; undefined without one. */
  get cameraClockOffsetMs(): number | undefined {
    return this.#cameraClockOffsetMs;
  }

  /** Whether the stream announced points other than keyframes at which decoding may begin. */
  get hasRecoveryPoints(): boolean {
    return this.#depacketizer.hasRecoveryPoints;
  }

  /** What is wrong with how the camera packetizes its pictures, and what to do; undefined when nothing is. */
  get problem(): string | undefined {
    if (this.#buffer.hasOverflowed) {
      return "frames larger than its share of memory were left out: lower its bit rate, or raise recorder.maxBuffer";
    }
    return this.#depacketizer.problem;
  }

  /** Whether access units wait to be taken. */
  get isWaiting(): boolean {
    return this.#buffer.waitingBytes > 0;
  }

  /** Takes an RTP packet; returns false when it is not one of this track. */
  rtp(bytes: Buffer, start: number, end: number): boolean {
    const packet = this.#packet;
    if (!parseRtpPacket(bytes, start, end, packet) || packet.payloadType !== this.#payloadType) return false;
    const lost = this.#sequence.take(packet.sequenceNumber, packet.ssrc, packet.timestamp);
    if (lost === -1) return true;
    if (lost > 0) {
      this.#lostPackets += lost;
      this.#depacketizer.lost();
    }
    this.#depacketizer.take(bytes, packet);
    return true;
  }

  /**
   * Takes an RTCP packet; returns whether it is a report of this track's source. A sender report gives the camera's own
   * wall clock, from which no capture times are derived: docs/design/time.md.
   */
  rtcp(bytes: Buffer, start: number, end: number): boolean {
    const { ssrc } = this.#packet;
    const report = parseSenderReport(bytes, start, end);
    if (report?.ssrc === ssrc) {
      const captureTimeUs = this.clock.captureTimeOfTimestamp(report.rtpTimestamp);
      if (captureTimeUs !== undefined) this.#cameraClockOffsetMs = Math.round((report.ntpUs - captureTimeUs) / 1000);
    }
    return reportsOf(bytes, start, end, ssrc);
  }

  /** Hands over the complete access units; undefined when there are none. */
  take(): AccessUnitBatch | undefined {
    return this.#buffer.take();
  }

  /** Gives back the bytes of a batch that are no longer needed. */
  recycle(bytes: Buffer): void {
    this.#buffer.recycle(bytes);
  }

  /** The last complete access unit, unless it was taken: a view into these bytes, valid until the next packet. */
  newest(): { bytes: Buffer; start: number; end: number } | undefined {
    return this.#buffer.newest();
  }

  /** The stream is over; what is complete can still be taken. */
  end(): void {
    this.#depacketizer.end();
  }

  /** Releases all memory: no more packets will come. */
  free(): void {
    this.#buffer.free();
  }

  #frame(rtpUs: number, bytes: number, isKeyframe: boolean): void {
    this.#frames++;
    this.#bytes += bytes;
    this.#meter.frame(rtpUs, bytes, isKeyframe);
    if (isKeyframe) this.#picture = this.#depacketizer.picture;
    this.#options.frame(rtpUs, bytes, isKeyframe);
  }
}
