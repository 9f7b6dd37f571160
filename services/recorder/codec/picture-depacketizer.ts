import type { AccessUnitBuffer, PendingAccessUnit } from "../rtp/access-unit-buffer.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import type { AccessUnitHandler, Depacketizer, DepacketizerCounters, PictureDescription } from "./depacketizer.ts";

/** What a codec knows of its pictures: puts them together from payloads, in the buffer's access unit under way. */
export interface PictureAssembler {
  /** Of the picture under way: its whole slices so far, and whether a decoder can start at it. */
  readonly slices: number;
  readonly isKeyframe: boolean;
  /** Whether a part of the picture under way is missing, makes no sense, or had no room. */
  readonly isDamaged: boolean;
  /** Since it was made: packets whose payload the codec's RTP payload format does not allow. */
  readonly badPackets: number;
  /** As of Depacketizer. */
  readonly description: PictureDescription | undefined;
  readonly problem: string | undefined;
  readonly hasRecoveryPoints: boolean;
  /** Whether a packet is surely the first of its picture's slices. */
  opensPicture(bytes: Buffer, packet: RtpPacket): boolean;
  /** Whether a packet begins with what only follows the first slice of a picture. */
  continuesPicture(bytes: Buffer, packet: RtpPacket): boolean;
  /** Begins a picture. */
  begin(): void;
  /** Takes a payload of the picture under way. */
  take(bytes: Buffer, start: number, end: number): void;
  /** Packets were lost before the next payload. */
  lost(): void;
  /** The picture under way has ended: what is unfinished in it will not come. */
  end(): void;
  /**
   * Adds what a decoder needs to start at a keyframe and the camera has sent before. Returns false when that is
   * missing.
   */
  complete(): boolean;
}

/**
 * Finds out which packets make up an access unit, for video whose access unit is one picture of several slices. An
 * access unit is all that carries one RTP timestamp; it ends with the marker bit or, from cameras that never set it,
 * with the next timestamp. Of a camera that was seen to mark every slice or packet, a marked one ends the unit only
 * when the next has another timestamp or opens a picture. The rule for loss (docs/design/lost-packets.md): an access
 * unit that lost a packet, or may have, is left out whole and counted; those that follow are kept, whether or not they
 * refer to it. Nothing is kept before the first keyframe.
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
  /** Packets of the access unit under way were lost, or may have been. */
  #isDamaged = false;
  #hasKeyframe = false;
  /** Packets before the next one were lost, or never heard: a stream may begin in the middle of a picture. */
  #lostBefore = true;
  /**
   * The marker bit was ever set; it was seen on packets that were not the last of their picture; the newest packet's.
   */
  #setsMarker = false;
  #marksSlices = false;
  #isMarked = false;
  /** Of the access unit before: a marker bit ended it, it was kept, and of how many slices it was. */
  #endedByMarker = false;
  #wasKept = false;
  #slicesBefore = 0;
  /** What is under way goes on with a unit that was ended too soon: it is counted already. */
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
   * What is under way is kept when it has its marker bit or, from a camera that never sets it, as many slices as the
   * picture before; otherwise it may lack a part, and is left out and counted.
   */
  end(): void {
    if (!this.#isBegun) return;
    const isWhole = this.#isMarked || (!this.#setsMarker && this.#assembler.slices >= this.#slicesBefore);
    if (!isWhole || this.#lostBefore) this.#isDamaged = true;
    this.#finish();
  }

  /** Another source cuts off what the one before had under way, and nothing is known of what it sent first. */
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
   * A marked packet was not the last of its picture: the unit that it ended is taken up again. When it is already on
   * its way to the disk it stays there as it is, cut short, and its rest is left out: this happens once in a session.
   */
  #goOn(): void {
    if (!this.#lostBefore) this.#marksSlices = true; // otherwise it may go on with another picture of the same timestamp
    this.#reopened = this.#wasKept ? this.#buffer.reopen() : undefined;
    this.#isDamaged = this.#lostBefore || this.#reopened === undefined;
    if (this.#reopened !== undefined) return;
    if (this.#wasKept) this.#damagedFrames++;
    this.#isCounted = true;
    this.#beginAnew();
  }

  /** A marker bit ends no picture that has no whole slice yet. */
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
      // It was told as kept, and what refers to it is not to be first in a recording.
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
