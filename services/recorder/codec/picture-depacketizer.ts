import type { AccessUnitBuffer, PendingAccessUnit } from "../rtp/access-unit-buffer.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import type { AccessUnitHandler, Depacketizer, DepacketizerCounters, PictureDescription } from "./depacketizer.ts";

/**
 * The part of depacketizing that depends on the codec: assembles pictures from payloads in the buffer's current access
 * unit.
 */
export interface PictureAssembler {
  /** Of the current picture: the number of its complete slices so far, and whether a decoder can start at it. */
  readonly slices: number;
  readonly isKeyframe: boolean;
  /** Whether a part of the current picture is missing, malformed, or did not fit. */
  readonly isDamaged: boolean;
  /** Number of packets so far whose payload the codec's RTP payload format does not allow. */
  readonly badPackets: number;
  /** As Depacketizer.picture. */
  readonly description: PictureDescription | undefined;
  readonly problem: string | undefined;
  readonly hasRecoveryPoints: boolean;
  /** Whether a packet is certainly the first of its picture's slices. */
  opensPicture(bytes: Buffer, packet: RtpPacket): boolean;
  /** Whether a packet begins with something that can only follow the first slice of a picture. */
  continuesPicture(bytes: Buffer, packet: RtpPacket): boolean;
  /** Begins a picture. */
  begin(): void;
  /** Takes a payload of the current picture. */
  take(bytes: Buffer, start: number, end: number): void;
  /** Packets were lost before the next payload. */
  lost(): void;
  /** The current picture has ended: nothing more of it will come. */
  end(): void;
  /**
   * Adds to a keyframe what a decoder needs to start at it, from what the camera sent earlier. Returns false if that is
   * missing.
   */
  complete(): boolean;
}

/**
 * Determines which packets make up an access unit, for video whose access unit is one picture of several slices. An
 * access unit is everything with one RTP timestamp; it ends with the marker bit or, from cameras that never set it,
 * with the next timestamp. Once a camera is known to mark every slice or packet, a marked packet ends the unit only
 * when the next packet has another timestamp or is the first of a picture. The rule for loss
 * (docs/design/lost-packets.md): an access unit that lost a packet, or may have, is dropped completely and counted;
 * those that follow are kept, whether or not they refer to it. Nothing is kept before the first keyframe.
 */
export class PictureDepacketizer implements Depacketizer {
  readonly #buffer: AccessUnitBuffer;
  readonly #assembler: PictureAssembler;
  readonly #handler: AccessUnitHandler;
  #damagedFrames = 0;
  #framesBeforeKeyframe = 0;
  #isBegun = false;
  #timestamp = 0;
  #ssrc = 0;
  /** Packets of the current access unit were lost, or may have been. */
  #isDamaged = false;
  #hasKeyframe = false;
  /** Packets before the next one were lost, or not received: a stream may begin in the middle of a picture. */
  #lostBefore = true;
  /**
   * Whether the marker bit: was ever set; was set on packets that did not end their picture; is set on the newest
   * packet.
   */
  #setsMarker = false;
  #marksSlices = false;
  #isMarked = false;
  /** Of the previous access unit: whether a marker bit ended it, whether it was kept, and its number of slices. */
  #endedByMarker = false;
  #wasKept = false;
  #slicesBefore = 0;
  /** The current unit continues one that was ended too early and is already counted as damaged. */
  #isCounted = false;
  #reopened: PendingAccessUnit | undefined;

  constructor(buffer: AccessUnitBuffer, assembler: PictureAssembler, handler: AccessUnitHandler) {
    this.#handler = handler;
    this.#buffer = buffer;
    this.#assembler = assembler;
  }

  get counters(): DepacketizerCounters {
    return {
      damagedFrames: this.#damagedFrames,
      framesBeforeKeyframe: this.#framesBeforeKeyframe,
      badPackets: this.#assembler.badPackets,
    };
  }

  get picture(): PictureDescription | undefined {
    return this.#assembler.description;
  }

  get problem(): string | undefined {
    return this.#assembler.problem;
  }

  get hasRecoveryPoints(): boolean {
    return this.#assembler.hasRecoveryPoints;
  }

  lost(): void {
    this.#lostBefore = true;
  }

  take(bytes: Buffer, packet: RtpPacket): void {
    if (packet.ssrc !== this.#ssrc) this.#otherSource(packet.ssrc);
    if (this.#isBegun) {
      if (this.#lostBefore) this.#isDamaged = true;
      if (packet.timestamp !== this.#timestamp) this.#finish();
      else if (this.#isMarked && this.#assembler.slices > 0 && this.#assembler.opensPicture(bytes, packet))
        this.#finish();
    }
    if (!this.#isBegun) this.#begin(bytes, packet);
    if (this.#lostBefore) {
      this.#lostBefore = false;
      this.#assembler.lost();
    }
    if (packet.payloadStart < packet.payloadEnd) this.#assembler.take(bytes, packet.payloadStart, packet.payloadEnd);
    this.#isMarked = packet.marker;
    if (packet.marker) this.#marked();
  }

  /**
   * The current unit is kept when it has its marker bit or, from a camera that never sets it, as many slices as the
   * previous picture; otherwise a part may be missing, so it is dropped and counted.
   */
  end(): void {
    if (!this.#isBegun) return;
    const isWhole = this.#isMarked || (!this.#setsMarker && this.#assembler.slices >= this.#slicesBefore);
    if (!isWhole || this.#lostBefore) this.#isDamaged = true;
    this.#finish();
  }

  /**
   * A new source: the previous one's current unit stays incomplete, and the new one's first packets may have been
   * missed.
   */
  #otherSource(ssrc: number): void {
    this.#lostBefore ||= this.#isBegun;
    this.#endedByMarker = false;
    this.#ssrc = ssrc;
  }

  #begin(bytes: Buffer, packet: RtpPacket): void {
    const isRest =
      this.#endedByMarker && packet.timestamp === this.#timestamp && this.#assembler.continuesPicture(bytes, packet);
    this.#endedByMarker = false;
    this.#isBegun = true;
    if (isRest) {
      this.#goOn();
      return;
    }
    this.#timestamp = packet.timestamp;
    this.#isDamaged = this.#lostBefore && !this.#assembler.opensPicture(bytes, packet);
    this.#isCounted = false;
    this.#beginAnew();
  }

  #beginAnew(): void {
    this.#assembler.begin();
    this.#buffer.begin();
  }

  /**
   * A marked packet was not the last of its picture: the unit that it ended is reopened. If that is already on its way
   * to the disk, it stays incomplete and the rest of it is dropped: this happens once in a session.
   */
  #goOn(): void {
    if (!this.#lostBefore) this.#marksSlices = true; // otherwise it may continue another picture of the same timestamp
    this.#reopened = this.#wasKept ? this.#buffer.reopen() : undefined;
    this.#isDamaged = this.#lostBefore || this.#reopened === undefined;
    if (this.#reopened !== undefined) return;
    if (this.#wasKept) this.#damagedFrames++;
    this.#isCounted = true;
    this.#beginAnew();
  }

  /** Ends the picture, unless it has no complete slice yet. */
  #marked(): void {
    this.#setsMarker = true;
    if (this.#marksSlices) return;
    if (this.#assembler.slices === 0 && !this.#isDamaged && !this.#assembler.isDamaged) return;
    this.#finish();
    this.#endedByMarker = true;
  }

  #finish(): void {
    this.#isBegun = false;
    this.#wasKept = false;
    const reopened = this.#reopened;
    this.#reopened = undefined;
    this.#assembler.end();
    const { slices, isKeyframe } = this.#assembler;
    const isDamaged = this.#isDamaged || this.#assembler.isDamaged;
    const isWhole = slices > 0 && !isDamaged;
    if (isWhole) this.#slicesBefore = slices;
    if (!isWhole || !this.#assembler.complete()) {
      if ((slices > 0 || isDamaged) && !this.#isCounted) this.#damagedFrames++;
      // It was reported as kept; pictures that refer to it must not be the first of a recording.
      if (reopened?.isKeyframe === true) this.#hasKeyframe = false;
      this.#buffer.discard();
      return;
    }
    this.#hasKeyframe ||= isKeyframe;
    if (!this.#hasKeyframe) {
      this.#framesBeforeKeyframe++;
      this.#buffer.discard();
      return;
    }
    this.#wasKept = true;
    if (reopened !== undefined) {
      this.#buffer.commit(reopened.rtpUs, isKeyframe);
      return;
    }
    const rtpUs = this.#handler.unwrap(this.#timestamp, isKeyframe);
    const bytes = this.#buffer.currentBytes;
    this.#buffer.commit(rtpUs, isKeyframe);
    this.#handler.frame(rtpUs, bytes, isKeyframe);
  }
}
