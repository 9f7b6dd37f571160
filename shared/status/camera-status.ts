/** `unwritten`: it sends, but its disk takes nothing. */
export const CAMERA_STATES = ["connecting", "recording", "unwritten", "stalled", "refused", "stopped"] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

/** What a recorder tells of one camera, live, in Redis. */
export interface CameraStatus {
  camera: string;
  recorder: string;
  state: CameraState;
  /** Since when this state holds, ISO 8601 UTC. */
  since: string;
  /** What is wrong and what to do, without secrets; absent while all is well. */
  problem?: string;
  /** RFC 6381 codec string of the stream, such as avc1.64001f. */
  codec?: string;
  /** Of the pictures as they are coded. */
  width?: number;
  height?: number;
  /** At which they are shown: another one where pixels are not square. */
  displayWidth?: number;
  displayHeight?: number;
  framesPerSecond?: number;
  bitsPerSecond?: number;
  keyframeIntervalMs?: number;
  /** Counted since the recorder process started. */
  frames: number;
  bytes: number;
  damagedFrames: number;
  /** Frames given up because the disk did not keep up and memory was full. */
  droppedFrames: number;
  lostPackets: number;
  /** RTSP sessions begun, those that failed included. */
  sessions: number;
  /** How often it was recorded again after its recording had ended by itself. */
  reconnects: number;
  /** Camera clock against wall clock, parts per million; positive when the camera is fast. */
  clockDriftPpm?: number;
  /** How far the camera's own wall clock is ahead of the recorder's, by its RTCP sender reports. */
  cameraClockOffsetMs?: number;
  /** Capture time of the newest frame, ISO 8601 UTC. */
  newestFrame?: string;
}
