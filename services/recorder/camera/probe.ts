import type { CameraConfig } from "../../../shared/config/config.ts";
import { hostClock } from "../clock/system-clock.ts";
import type { PictureDescription } from "../codec/depacketizer.ts";
import { CameraAwayError } from "../errors/camera-error.ts";
import type { Quote } from "../errors/quote.ts";
import type { BatchedSockets } from "../rtsp/batched-socket.ts";
import { RtspSession } from "../rtsp/session.ts";
import { notReached, noUdpPackets } from "./errors.ts";
import { TrackReceiver } from "./track-receiver.ts";

/** The result of playing a camera for a short time. */
export interface ProbeResult {
  picture: PictureDescription;
  framesPerSecond: number;
  bitsPerSecond: number;
  /** Undefined when no second keyframe came in that time. */
  keyframeIntervalMs?: number;
}

export interface ProbeOptions {
  sockets: BatchedSockets;
  /** Makes a text from the camera safe to show; by default no configured secrets are masked in it. */
  quote?: Quote;
  limitMs: number;
}

interface Frame {
  rtpUs: number;
  bytes: number;
  isKeyframe: boolean;
}

/** Enough frames to measure a rate when no second keyframe comes. */
const FRAMES_FOR_RATE = 50;
const TICK_INTERVAL_MS = 250;
const MAX_BUFFER_BYTES = 32 * 1024 * 1024;

/**
 * Plays a camera until its second keyframe, for at most `limitMs`. Throws CameraRefusedError or CameraAwayError, with
 * advice, when it cannot be played.
 */
export async function probeCamera(
  camera: CameraConfig,
  { sockets, quote, limitMs }: ProbeOptions,
): Promise<ProbeResult> {
  const frames: Frame[] = [];
  let receiver: TrackReceiver | undefined;
  let hasStream = false;
  let enough: (error?: Error) => void = () => {};
  const watched = new Promise<void>((resolve, reject) => {
    enough = (error) => (error === undefined ? resolve() : reject(error));
  });
  watched.catch(() => {}); // it is awaited below, or an earlier error is thrown
  const session = new RtspSession(
    sockets,
    camera.url,
    {
      described: (track) => {
        receiver = new TrackReceiver({
          track,
          clock: hostClock,
          maxBufferBytes: MAX_BUFFER_BYTES,
          frame: (rtpUs, bytes, isKeyframe) => {
            if (frames.length > 1 && isKeyframe) enough();
            frames.push({ rtpUs, bytes, isKeyframe });
          },
        });
      },
      rtp: (bytes, start, end) => {
        hasStream = true;
        receiver?.rtp(bytes, start, end);
      },
      rtcp: () => {},
      batchEnd: () => {
        const batch = receiver?.take();
        if (batch !== undefined) receiver?.recycle(batch.bytes);
      },
      heard: () => {},
      closed: (error) => enough(error),
    },
    {
      transport: camera.transport,
      tls: camera.tls,
      auth: camera.auth,
      redirectHosts: camera.redirectHosts,
      connectTimeoutMs: limitMs,
      ...(quote === undefined ? {} : { quote }),
    },
  );
  const ticks = setInterval(() => session.keepAlive(performance.now()), TICK_INTERVAL_MS);
  const timer = setTimeout(() => {
    if (frames.length >= FRAMES_FOR_RATE) enough();
    const tried = session.triedAddresses;
    if (tried !== undefined) enough(notReached(limitMs, tried));
    else if (session.isOverUdp && !hasStream) enough(noUdpPackets(limitMs));
    else enough(new CameraAwayError(...silence(frames.length, limitMs)));
    session.close();
  }, limitMs);
  try {
    await Promise.race([session.open(), watched]);
    await watched;
  } finally {
    clearTimeout(timer);
    clearInterval(ticks);
    session.close();
  }
  const picture = receiver?.picture;
  if (picture === undefined) {
    throw new CameraAwayError("its sequence parameter set cannot be read", "update its firmware");
  }
  return { picture, ...measure(frames) };
}

function silence(frames: number, limitMs: number): [message: string, advice: string] {
  const seconds = Math.round(limitMs / 1000);
  if (frames > 0)
    return [`only ${frames} frames in ${seconds} s`, "check the network between this machine and the camera"];
  return [`no picture within ${seconds} s`, "check that the camera is on, and its keyframe (I-frame) interval"];
}

function measure(frames: Frame[]): Omit<ProbeResult, "picture"> {
  const times = frames.map((frame) => frame.rtpUs);
  const spanUs = Math.max(1, Math.max(...times) - Math.min(...times));
  const bytes = frames.slice(0, -1).reduce((sum, frame) => sum + frame.bytes, 0);
  const second = frames.findIndex((frame, index) => index > 0 && frame.isKeyframe);
  return {
    framesPerSecond: Math.round(((frames.length - 1) * 1e8) / spanUs) / 100,
    bitsPerSecond: Math.round((bytes * 8e6) / spanUs),
    ...(second === -1
      ? {}
      : { keyframeIntervalMs: Math.round(((frames[second] as Frame).rtpUs - (frames[0] as Frame).rtpUs) / 1000) }),
  };
}
