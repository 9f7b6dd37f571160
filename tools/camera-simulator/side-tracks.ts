import { layOut, stampPackets } from "./packetizer.ts";
import type { RtpTrack } from "./rtp-track.ts";

export const AUDIO_PAYLOAD_TYPE = 0;
export const METADATA_PAYLOAD_TYPE = 107;
const AUDIO_RATE = 8000;
const AUDIO_PACKET_SAMPLES = 160;
const METADATA_INTERVAL_US = 1e6;
/** Silence in G.711 µ-law. */
const SILENCE = Buffer.alloc(AUDIO_PACKET_SAMPLES, 0xff);

/** Sends the packets that are due on a track other than the video. */
export interface SideTrack {
  sendDue(nowUs: number): void;
}

/** Silence as PCMU, 20 ms per packet (RFC 3551 §4.5.14). */
export class AudioTrack implements SideTrack {
  private readonly track: RtpTrack;
  private startUs: number | undefined;
  private samples = 0;

  constructor(track: RtpTrack) {
    this.track = track;
  }

  sendDue(nowUs: number): void {
    this.startUs ??= nowUs;
    while (this.startUs + (this.samples * 1e6) / AUDIO_RATE <= nowUs) {
      sendPayload(this.track, SILENCE, AUDIO_PAYLOAD_TYPE, this.samples);
      this.samples += AUDIO_PACKET_SAMPLES;
    }
  }
}

/** An ONVIF metadata stream: one small document per second. */
export class MetadataTrack implements SideTrack {
  private readonly track: RtpTrack;
  private startUs: number | undefined;
  private dueUs = 0;

  constructor(track: RtpTrack) {
    this.track = track;
  }

  sendDue(nowUs: number): void {
    if (nowUs < this.dueUs) return;
    this.startUs ??= nowUs;
    this.dueUs = nowUs + METADATA_INTERVAL_US;
    const time = new Date(nowUs / 1000).toISOString();
    const document = `<?xml version="1.0"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:VideoAnalytics><tt:Frame UtcTime="${time}"/></tt:VideoAnalytics></tt:MetadataStream>`;
    const ticks = Math.round(((nowUs - this.startUs) * 90) / 1000);
    sendPayload(this.track, Buffer.from(document), METADATA_PAYLOAD_TYPE, ticks);
  }
}

function sendPayload(track: RtpTrack, payload: Buffer, payloadType: number, ticks: number): void {
  const template = layOut([[payload]], payloadType);
  stampPackets(template, track.take(template, ticks));
  track.sink.sendTemplate(template);
}
