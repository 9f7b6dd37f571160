import { randomBytes } from "node:crypto";
import { saysGoodbye } from "./goodbye.ts";
import { buildReceiverReport, type ReportBlock } from "./receiver-report.ts";
import { Reception } from "./reception.ts";
import { compactNtpTime } from "./sender-report.ts";

/**
 * RFC 3550 §6.2: five seconds, varied at random between half and one and a half times that, so that receivers do not
 * synchronise.
 */
const INTERVAL_MS = 5000;
const RTP_HEADER_BYTES = 12;
const NTP_UNITS_PER_MS = 65.536;

/** The receiver's side of RTCP for one stream: counts what comes and reports it to the camera. */
export class RtcpReceiver {
  readonly #ticksPerMs: number;
  readonly #ssrc = randomBytes(4).readUInt32BE();
  readonly #cname = randomBytes(12).toString("base64url"); // of this session only, RFC 7022 §4.2
  #reception = new Reception();
  #source: number | undefined;
  #lastSenderReport = 0;
  #lastSenderReportMs = 0;
  #dueMs: number | undefined;

  /** @param ticksPerSecond the RTP clock rate of the track */
  constructor(ticksPerSecond: number) {
    this.#ticksPerMs = ticksPerSecond / 1000;
  }

  /**
   * Takes the RTP packet from `start` to `end`.
   * @param arrivalMs when it came, by performance.now(); undefined when that says nothing about the network
   */
  rtp(bytes: Buffer, start: number, end: number, arrivalMs?: number): void {
    if (end - start < RTP_HEADER_BYTES) return;
    const ssrc = bytes.readUInt32BE(start + 8);
    if (ssrc !== this.#source) {
      this.#source = ssrc;
      this.#reception = new Reception();
      this.#lastSenderReport = 0;
    }
    const arrival = arrivalMs === undefined ? undefined : arrivalMs * this.#ticksPerMs;
    this.#reception.take(bytes.readUInt16BE(start + 2), bytes.readUInt32BE(start + 4), arrival);
  }

  /** Takes the RTCP packet from `start` to `end`. Returns whether it ends the stream (BYE). */
  rtcp(bytes: Buffer, start: number, end: number, arrivalMs: number): boolean {
    if (this.#source === undefined) return false;
    const time = compactNtpTime(bytes, start, end, this.#source);
    if (time !== undefined) {
      this.#lastSenderReport = time;
      this.#lastSenderReportMs = arrivalMs;
    }
    return saysGoodbye(bytes, start, end, this.#source);
  }

  /** The report to send, if one is due: about every 5 s once something came. To be called regularly. */
  due(nowMs: number): Buffer | undefined {
    if (this.#source === undefined) return undefined;
    const isDue = this.#dueMs !== undefined && nowMs >= this.#dueMs;
    if (isDue || this.#dueMs === undefined) this.#dueMs = nowMs + INTERVAL_MS * (0.5 + Math.random());
    return isDue ? this.report(nowMs) : undefined;
  }

  /** The current report; it has a report block once something came. */
  report(nowMs: number): Buffer {
    return buildReceiverReport(this.#ssrc, this.#block(nowMs), this.#cname);
  }

  #block(nowMs: number): ReportBlock | undefined {
    if (this.#source === undefined) return undefined;
    const reception = this.#reception;
    const hasReport = this.#lastSenderReport !== 0;
    const delay = Math.round((nowMs - this.#lastSenderReportMs) * NTP_UNITS_PER_MS);
    return {
      ssrc: this.#source,
      ...reception.report(),
      highestSequence: reception.highestSequence,
      jitter: reception.jitter,
      lastSenderReport: this.#lastSenderReport,
      delaySinceSenderReport: hasReport ? Math.min(0xffff_ffff, Math.max(0, delay)) : 0,
    };
  }
}
