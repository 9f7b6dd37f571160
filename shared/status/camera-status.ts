/** `unwritten`: the camera sends, but its disk accepts no writes. */
export const CAMERA_STATES = ["connecting", "recording", "unwritten", "stalled", "refused", "stopped"] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

/** What a recorder publishes about one camera, live, in Redis. */
export interface CameraStatus {
  camera: string;
  recorder: string;
  state: CameraState;
  /** When this state began, ISO 8601 UTC. */
  since: string;
  /** What is wrong and what to do, without secrets; absent while all is well. */
  problem?: string;
  /** RFC 6381 codec string of the stream, such as avc1.64001f. */
  codec?: string;
  /** Of the coded pictures, in pixels. */
  width?: number;
  height?: number;
  /** Display size in pixels: differs where pixels are not square. */
  displayWidth?: number;
  displayHeight?: number;
  framesPerSecond?: number;
  bitsPerSecond?: number;
  keyframeIntervalMs?: number;
  /** Counted since the recorder process started. */
  frames: number;
  bytes: number;
  damagedFrames: number;
  /** Frames dropped because the disk did not keep up and memory was full. */
  droppedFrames: number;
  lostPackets: number;
  /** RTSP sessions begun, including those that failed. */
  sessions: number;
  /** How often recording resumed after it had ended by itself. */
  reconnects: number;
  /** Drift of the camera's clock against the wall clock, parts per million; positive when the camera is fast. */
  clockDriftPpm?: number;
  /** How far the camera's own wall clock is ahead of the recorder's, from its RTCP sender reports. */
  cameraClockOffsetMs?: number;
  /** Capture time of the newest frame, ISO 8601 UTC. */
  newestFrame?: string;
}
