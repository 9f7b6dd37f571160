import { randomBytes } from "node:crypto";
import type { AccessUnit } from "./access-unit.ts";
import type { Camera, Viewer } from "./camera.ts";
import type { TrackKind } from "./config.ts";
import type { SendLog } from "./log.ts";
import { PacketFaults } from "./packet-faults.ts";
import type { PacketSink } from "./packet-sink.ts";
import { copyPackets, packetCount, stampPackets } from "./packetizer.ts";
import { createRandom, type Random } from "./random.ts";
import { buildBye } from "./rtcp.ts";
import { RtpTrack } from "./rtp-track.ts";
import { AudioTrack, MetadataTrack, type SideTrack } from "./side-tracks.ts";
import type { WallClock } from "./wall-clock.ts";

/** What a session needs from its environment. */
export interface SessionContext {
  wallClock: WallClock;
  log: SendLog;
  /** Closes the RTSP connection to which the session belongs. */
  breakConnection(): void;
  onClosed(session: Session): void;
}

interface Delivery {
  atUs: number;
  send(): void;
}

/** One client's session with one camera. */
export class Session implements Viewer {
  readonly id: string = randomBytes(6).toString("hex");
  readonly camera: Camera;
  readonly tracks = new Map<TrackKind, RtpTrack>();
  private readonly context: SessionContext;
  private readonly packetFaults: PacketFaults;
  private readonly jitter: Random;
  private sideTracks: SideTrack[] = [];
  private playing = false;
  private ended = false;
  private waitsForKeyframe = false;
  private reportDueUs = 0;
  private delayed: Delivery[] = [];
  private delayTimer: NodeJS.Timeout | undefined;
  private sentUnits = 0;
  private sparseUs = 0;

  constructor(camera: Camera, context: SessionContext) {
    this.camera = camera;
    this.context = context;
    const seed = camera.faults.seed ?? 1;
    this.packetFaults = new PacketFaults(seed);
    this.jitter = createRandom(seed);
  }

  addTrack(kind: TrackKind, sink: PacketSink): RtpTrack {
    const { ssrc, initialSequence } = this.camera.config;
    const track = kind === "video" ? new RtpTrack(sink, { ssrc, sequence: initialSequence }) : new RtpTrack(sink);
    this.tracks.get(kind)?.sink.close();
    this.tracks.set(kind, track);
    return track;
  }

  play(): void {
    if (this.playing) return;
    const { camera, context } = this;
    const { join, initialTimestamp } = camera.config;
    const nowUs = context.wallClock.nowUs();
    const video = this.tracks.get("video");
    const first = join === "gop-cache" ? camera.currentGop[0]?.ticks : undefined;
    if (video && initialTimestamp !== undefined) {
      video.timestampOffset = initialTimestamp - (first ?? camera.clock.ticksAt(nowUs));
    }
    const transport = video?.sink.kind ?? "tcp";
    context.log.write({ event: "session-start", camera: camera.id, session: this.id, transport, atUs: nowUs });
    const audio = this.tracks.get("audio");
    const metadata = this.tracks.get("metadata");
    this.sideTracks = [...(audio ? [new AudioTrack(audio)] : []), ...(metadata ? [new MetadataTrack(metadata)] : [])];
    this.playing = true;
    this.waitsForKeyframe = join !== "immediately";
    camera.viewers.add(this);
    if (join === "gop-cache") for (const unit of camera.currentGop) this.offer(unit);
  }

  pause(): void {
    this.playing = false;
    this.camera.viewers.delete(this);
  }

  /** The current RTP timestamp of the video track. */
  rtpTimestampNow(): number {
    const ticks = this.camera.clock.ticksAt(this.context.wallClock.nowUs());
    return this.tracks.get("video")?.timestamp(ticks) ?? 0;
  }

  offer(unit: AccessUnit): void {
    const track = this.tracks.get("video");
    if (!track || !this.playing) return;
    if (this.waitsForKeyframe && !unit.keyframe) return;
    const { faults, config } = this.camera;
    if (faults.stall || faults.h265Only) {
      // As if the camera itself had stopped: sequence numbers do not advance, and sending restarts at a keyframe.
      this.waitsForKeyframe = config.join !== "immediately";
      return;
    }
    if (faults.sparse && !this.isSparseDue(unit, faults.sparse.seconds)) return;
    this.waitsForKeyframe = false;
    if (track.sink.queuedBytes() > config.maxQueuedBytes) {
      this.close("slow client");
      return;
    }
    this.sentUnits++;
    if (faults.garbage?.kind === "channel") this.sendNoise(track, unit);
    else if (this.packetFaults.isIdle(faults) && !faults.jitter && this.delayed.length === 0)
      this.sendAtOnce(track, unit);
    else this.sendDamaged(track, unit);
  }

  tick(nowUs: number): void {
    if (this.camera.faults.stall) return;
    for (const side of this.sideTracks) side.sendDue(nowUs);
    const { senderReportMs, senderReportOffsetMs } = this.camera.config;
    if (senderReportMs === 0 || nowUs < this.reportDueUs || this.sentUnits === 0) return;
    this.reportDueUs = nowUs + senderReportMs * 1000;
    const wallClockUs = nowUs + senderReportOffsetMs * 1000;
    this.tracks.get("video")?.sendReport(wallClockUs, this.camera.clock.ticksAt(nowUs));
  }

  /** Ends the session and, unless the client requested that, its connection. */
  close(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.pause();
    clearTimeout(this.delayTimer);
    const { camera, context, tracks } = this;
    const unsentBytes = tracks.get("video")?.sink.queuedBytes() ?? 0;
    if (reason === "teardown") for (const track of tracks.values()) track.sink.sendControl(buildBye(track.ssrc));
    for (const track of tracks.values()) track.sink.close();
    const atUs = context.wallClock.nowUs();
    context.log.write({ event: "session-end", camera: camera.id, session: this.id, reason, unsentBytes, atUs });
    context.onClosed(this);
    if (reason !== "teardown") context.breakConnection();
  }

  describe(): object {
    const sink = this.tracks.get("video")?.sink;
    return { session: this.id, transport: sink?.kind, sentUnits: this.sentUnits, queuedBytes: sink?.queuedBytes() };
  }

  /** Whether a camera with a dynamic frame rate sends this access unit, as if it had never taken the others. */
  private isSparseDue({ keyframe, captureTimeUs }: AccessUnit, seconds: number): boolean {
    if (!keyframe || captureTimeUs < this.sparseUs + seconds * 1e6) {
      this.waitsForKeyframe = true;
      return false;
    }
    this.sparseUs = captureTimeUs;
    return true;
  }

  /** The cheap way: stamps the shared template for this client and passes it to the socket unchanged. */
  private sendAtOnce(track: RtpTrack, unit: AccessUnit): void {
    const { body } = unit;
    const { template } = body;
    const stamp = track.take(template, unit.ticks);
    stampPackets(template, stamp);
    this.packetFaults.skip(packetCount(template));
    if (!track.sink.sendTemplate(template)) {
      body.template = { bytes: Buffer.from(template.bytes), starts: template.starts };
    }
    this.log(unit, stamp.timestamp, packetCount(template), false);
  }

  private sendDamaged(track: RtpTrack, unit: AccessUnit): void {
    const { template } = unit.body;
    const { faults } = this.camera;
    const stamp = track.take(template, unit.ticks);
    stampPackets(template, stamp);
    const { packets, dropped } = this.packetFaults.damage(copyPackets(template), faults);
    const send = (): void => {
      track.sink.sendPackets(packets);
      this.log(unit, stamp.timestamp, packetCount(template), dropped);
    };
    if (faults.jitter || this.delayed.length > 0) this.sendLater(send, (faults.jitter?.maxMs ?? 0) * 1000);
    else send();
  }

  private sendNoise(track: RtpTrack, unit: AccessUnit): void {
    const stamp = track.take(unit.body.template, unit.ticks);
    track.sink.sendRaw(randomBytes(unit.body.template.bytes.length));
    this.log(unit, stamp.timestamp, packetCount(unit.body.template), true);
  }

  /** Sends up to `maxDelayUs` later, but never before anything that was delayed earlier. */
  private sendLater(send: () => void, maxDelayUs: number): void {
    const nowUs = this.context.wallClock.nowUs();
    const lastUs = this.delayed.at(-1)?.atUs ?? 0;
    this.delayed.push({ atUs: Math.max(lastUs, nowUs + this.jitter.next() * maxDelayUs), send });
    if (this.delayed.length === 1) this.armDelay(nowUs);
  }

  private armDelay(nowUs: number): void {
    const first = this.delayed[0];
    if (!first) return;
    const delayMs = Math.max(0, Math.ceil((first.atUs - nowUs) / 1000));
    this.delayTimer = setTimeout(() => {
      const thenUs = this.context.wallClock.nowUs();
      while (this.delayed[0] && this.delayed[0].atUs <= thenUs) this.delayed.shift()?.send();
      this.armDelay(thenUs);
    }, delayMs);
  }

  private log(unit: AccessUnit, rtpTimestamp: number, packets: number, dropped: boolean): void {
    const { log, wallClock } = this.context;
    if (!log.enabled) return;
    const { n, clipIndex, keyframe, captureTimeUs, body } = unit;
    log.write({
      event: "access-unit",
      camera: this.camera.id,
      session: this.id,
      n,
      clipIndex,
      keyframe,
      captureTimeUs,
      rtpTimestamp,
      sha256: body.sha256,
      sha256WithoutParameterSets: body.sha256WithoutParameterSets,
      nalCount: body.nals.length,
      bytes: body.bytes,
      packets,
      sentAtUs: wallClock.nowUs(),
      dropped,
    });
  }
}
