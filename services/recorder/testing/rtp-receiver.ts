import { BLOCK_HEADER_BYTES } from "../../../shared/chunk/format.ts";
import { H264PictureAssembler } from "../codec/h264/h264-picture-assembler.ts";
import { ParameterSets } from "../codec/h264/parameter-sets.ts";
import { PictureDepacketizer } from "../codec/picture-depacketizer.ts";
import { type AccessUnitBatch, AccessUnitBuffer } from "../rtp/access-unit-buffer.ts";
import { SequenceTracker } from "../rtp/sequence.ts";
import { PPS, type SentPacket, SPS } from "./h264-stream.ts";

/** An access unit that was kept, without its block's header. */
export interface KeptUnit {
  timestamp: number;
  isKeyframe: boolean;
  bytes: Buffer;
}

/** A depacketizer with its buffer, fed as by the camera session: from one buffer that is overwritten. */
export class Receiver {
  readonly kept: KeptUnit[] = [];
  /** How many frames the depacketizer reported. */
  told = 0;
  readonly buffer: AccessUnitBuffer;
  readonly pictures: H264PictureAssembler;
  readonly depacketizer: PictureDepacketizer;
  readonly #sequence = new SequenceTracker();
  readonly #shared = Buffer.alloc(70_000);
  #waiting: AccessUnitBatch | undefined;

  constructor(parameterSets = new ParameterSets([SPS, PPS]), maxBytes = 64 * 1024 * 1024) {
    this.buffer = new AccessUnitBuffer(maxBytes);
    this.pictures = new H264PictureAssembler(this.buffer, parameterSets);
    this.depacketizer = new PictureDepacketizer(this.buffer, this.pictures, {
      unwrap: (timestamp) => timestamp,
      frame: () => this.told++,
    });
  }

  take({ payload, header }: SentPacket): void {
    const lost = this.#sequence.take(header.sequenceNumber, header.ssrc, header.timestamp);
    if (lost === -1) return;
    if (lost > 0) this.depacketizer.lost();
    payload.copy(this.#shared, 100);
    this.depacketizer.take(this.#shared, { ...header, payloadStart: 100, payloadEnd: 100 + payload.length });
    this.#shared.fill(0xee, 0, 100 + payload.length);
  }

  /** Takes the complete units. The previous batch is read only now, and given back. */
  flush(): void {
    const next = this.buffer.take();
    if (this.#waiting !== undefined) {
      for (const { start, end, rtpUs, isKeyframe } of this.#waiting.units) {
        const bytes = Buffer.from(this.#waiting.bytes.subarray(start + BLOCK_HEADER_BYTES, end));
        this.kept.push({ timestamp: rtpUs, isKeyframe, bytes });
      }
      this.buffer.recycle(this.#waiting.bytes.fill(0xdd));
    }
    this.#waiting = next;
  }

  /** Ends the session, and takes the remaining units. */
  end(): KeptUnit[] {
    this.depacketizer.end();
    this.flush();
    this.flush();
    return this.kept;
  }

  all(packets: SentPacket[], flushEvery = 7): KeptUnit[] {
    packets.forEach((packet, index) => {
      this.take(packet);
      if (index % flushEvery === 0) this.flush();
    });
    this.flush();
    this.flush();
    return this.kept;
  }
}
