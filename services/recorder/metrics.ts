import { Gauge, type Registry } from "prom-client";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import type { LivePublisher } from "./live/live-publisher.ts";

type Figure = {
  [Key in keyof CameraStatus]-?: NonNullable<CameraStatus[Key]> extends number ? Key : never;
}[keyof CameraStatus];

const FIGURES: Partial<Record<Figure, { name: string; help: string }>> = {
  frames: { name: "frames_total", help: "Frames received whole" },
  bytes: { name: "bytes_total", help: "Bytes of video received" },
  damagedFrames: { name: "damaged_frames_total", help: "Frames left out because packets of theirs were lost" },
  droppedFrames: { name: "dropped_frames_total", help: "Frames given up because the disk did not keep up" },
  lostPackets: { name: "lost_packets_total", help: "RTP packets lost" },
  sessions: { name: "sessions_total", help: "RTSP sessions begun, those that failed included" },
  reconnects: { name: "reconnects_total", help: "Recordings begun again after one had ended by itself" },
  width: { name: "width_pixels", help: "Width of the picture as coded" },
  height: { name: "height_pixels", help: "Height of the picture as coded" },
  displayWidth: { name: "display_width_pixels", help: "Width of the picture as shown, in square pixels" },
  displayHeight: { name: "display_height_pixels", help: "Height of the picture as shown, in square pixels" },
  framesPerSecond: { name: "frames_per_second", help: "Frame rate" },
  bitsPerSecond: { name: "bits_per_second", help: "Bit rate" },
  keyframeIntervalMs: { name: "keyframe_interval_ms", help: "Time between the last two keyframes" },
  cameraClockOffsetMs: { name: "clock_offset_ms", help: "How far the camera's own wall clock is ahead of ours" },
  clockDriftPpm: { name: "clock_drift_ppm", help: "How much faster the camera's clock runs than the recorder's" },
};

/** Metrics of texts: the value is 1 and the text is the label. */
const WORDS = {
  state: "connecting, recording, unwritten, stalled, refused or stopped",
  codec: "Codec of the stream, as RFC 6381 writes it",
} as const;

/** Serves the figures of each camera as Prometheus metrics `hindsight_camera_…`, read at each scrape. */
export function registerCameraMetrics(registry: Registry, statuses: () => CameraStatus[]): void {
  new Gauge({
    name: "hindsight_camera_recording",
    help: "1 while the camera is recorded",
    labelNames: ["camera"],
    registers: [registry],
    collect() {
      this.reset();
      for (const status of statuses()) this.set({ camera: status.camera }, status.state === "recording" ? 1 : 0);
    },
  });
  new Gauge({
    name: "hindsight_camera_state_since_seconds",
    help: "Since when the state holds, seconds since the Unix epoch",
    labelNames: ["camera"],
    registers: [registry],
    collect() {
      this.reset();
      for (const status of statuses()) this.set({ camera: status.camera }, Date.parse(status.since) / 1000);
    },
  });
  for (const [key, help] of Object.entries(WORDS) as [keyof typeof WORDS, string][]) {
    new Gauge({
      name: `hindsight_camera_${key}`,
      help,
      labelNames: ["camera", key],
      registers: [registry],
      collect() {
        this.reset();
        for (const status of statuses()) {
          const value = status[key];
          if (value !== undefined) this.set({ camera: status.camera, [key]: value }, 1);
        }
      },
    });
  }
  for (const [key, { name, help }] of Object.entries(FIGURES) as [Figure, { name: string; help: string }][]) {
    new Gauge({
      name: `hindsight_camera_${name}`,
      help,
      labelNames: ["camera"],
      registers: [registry],
      collect() {
        this.reset();
        for (const status of statuses()) {
          const value = status[key];
          if (value !== undefined) this.set({ camera: status.camera }, value);
        }
      },
    });
  }
}

/** Serves the counts of frames that live view sent and dropped, read at each scrape. */
export function registerLiveMetrics(registry: Registry, publisher: LivePublisher): void {
  const figures = {
    sent: { help: "Frames sent to those who watch live", read: () => publisher.sentFrames },
    dropped: { help: "Frames not sent because Redis was slow or away", read: () => publisher.droppedFrames },
  };
  for (const [name, { help, read }] of Object.entries(figures)) {
    new Gauge({
      name: `hindsight_live_frames_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
}
