import { randomFillSync } from "node:crypto";
import type { Faults } from "./faults.ts";
import { INTERLEAVED_HEADER_BYTES, RTP_HEADER_BYTES } from "./packetizer.ts";
import { createRandom, type Random } from "./random.ts";

const DEFAULT_DISTANCE = 3;

/** The packets of an access unit after the faults were applied. */
export interface Damage {
  packets: Buffer[];
  /** Whether any packet was left out or corrupted. One that is only late does not count. */
  dropped: boolean;
}

/** Applies a camera's faults to one client's packets: loss, reordering, garbage. */
export class PacketFaults {
  private readonly random: Random;
  private held: { packet: Buffer; behind: number }[] = [];
  private count = 0;

  constructor(seed: number) {
    this.random = createRandom(seed);
  }

  /** Whether packets can be sent unchanged. */
  isIdle(faults: Faults): boolean {
    return !faults.loss && !faults.reorder && !faults.garbage && this.held.length === 0;
  }

  /** Counts packets that were sent without {@link damage}, for the numbers in the list of losses. */
  skip(packets: number): void {
    this.count += packets;
  }

  damage(packets: readonly Buffer[], faults: Faults): Damage {
    const out: Buffer[] = [];
    let dropped = false;
    for (const packet of packets) {
      if (this.isLost(this.count++, faults)) {
        dropped = true;
        continue;
      }
      if (this.spoil(packet, faults)) dropped = true;
      if (faults.reorder && this.random.next() < faults.reorder.probability) {
        this.held.push({ packet, behind: faults.reorder.distance ?? DEFAULT_DISTANCE });
      } else {
        out.push(packet, ...this.release());
      }
    }
    if (!faults.reorder) out.push(...this.held.splice(0).map(({ packet }) => packet));
    return { packets: out, dropped };
  }

  /** Call after each further packet: returns the held packets that enough others have overtaken by now. */
  private release(): Buffer[] {
    for (const held of this.held) held.behind--;
    const released = this.held.filter((held) => held.behind <= 0);
    if (released.length > 0) this.held = this.held.filter((held) => held.behind > 0);
    return released.map(({ packet }) => packet);
  }

  private isLost(index: number, { loss }: Faults): boolean {
    if (!loss) return false;
    return loss.packets?.includes(index) === true || this.random.next() < (loss.probability ?? 0);
  }

  private spoil(packet: Buffer, { garbage }: Faults): boolean {
    if (!garbage || garbage.kind === "channel" || this.random.next() >= (garbage.probability ?? 1)) return false;
    const payload = packet.subarray(INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES);
    if (garbage.kind === "payload") randomFillSync(payload);
    else payload[0] = 30 + this.random.below(2); // NAL unit types 30 and 31 do not exist in RFC 6184
    return true;
  }
}
