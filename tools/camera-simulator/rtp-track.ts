import { randomBytes } from "node:crypto";
import type { PacketSink } from "./packet-sink.ts";
import { type PacketStamp, type PacketTemplate, packetCount, payloadBytes } from "./packetizer.ts";
import { buildSenderReport } from "./rtcp.ts";

export interface RtpStart {
  ssrc?: number | undefined;
  sequence?: number | undefined;
}

/** One track of one client: its SSRC, sequence numbers, counters and destination. */
export class RtpTrack {
  readonly ssrc: number;
  readonly sink: PacketSink;
  /** Of the next packet. */
  sequence: number;
  /** Added to the camera's ticks to make RTP timestamps. */
  timestampOffset = randomBytes(4).readUInt32BE();
  private packets = 0;
  private bytes = 0;

  constructor(sink: PacketSink, start: RtpStart = {}) {
    this.sink = sink;
    this.ssrc = start.ssrc ?? randomBytes(4).readUInt32BE();
    this.sequence = start.sequence ?? randomBytes(2).readUInt16BE();
  }

  timestamp(ticks: number): number {
    return modulo32(ticks + this.timestampOffset);
  }

  /** Returns the stamp for the template's packets, and counts them as sent. */
  take(template: PacketTemplate, ticks: number): PacketStamp {
    const stamp: PacketStamp = {
      channel: this.sink.channel,
      sequence: this.sequence,
      timestamp: this.timestamp(ticks),
      ssrc: this.ssrc,
    };
    const count = packetCount(template);
    this.sequence = (this.sequence + count) & 0xffff;
    this.packets += count;
    this.bytes += payloadBytes(template);
    return stamp;
  }

  sendReport(wallClockUs: number, ticks: number): void {
    const { ssrc, packets, bytes } = this;
    const rtpTimestamp = this.timestamp(ticks);
    this.sink.sendControl(buildSenderReport({ ssrc, wallClockUs, rtpTimestamp, packets, payloadBytes: bytes }));
  }
}

function modulo32(value: number): number {
  return ((value % 2 ** 32) + 2 ** 32) % 2 ** 32;
}
