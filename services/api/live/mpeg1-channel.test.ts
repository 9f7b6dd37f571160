import { expect, test, vi } from "vitest";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import type { VideoCodec } from "../../../shared/codec/video-codec.ts";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import type { FrameListener, LiveSource } from "./live-source.ts";
import { Mpeg1Channel } from "./mpeg1-channel.ts";

const OTHER: VideoCodec = { ...H264, name: "another codec" };

function frame(sequence: number, codec: VideoCodec): LiveFrame {
  const data = Buffer.from("0000000141888040", "hex");
  return { codec, isKeyframe: sequence === 0, source: 1, sequence, captureTimeUs: 1e15 + sequence * 40_000, data };
}

test("a camera that sends another codec ends its conversion, which is told: an ffmpeg decodes but one", () => {
  let listener: FrameListener | undefined;
  const listen = (_camera: string, listens: FrameListener) => {
    listener = listens;
    return () => {
      listener = undefined;
    };
  };
  const [warn, ended] = [vi.fn(), vi.fn()];
  const channel = new Mpeg1Channel({
    camera: "yard",
    source: { listen } as unknown as LiveSource,
    ffmpegPath: "ffmpeg",
    maxPixels: 1_000_000,
    hangMs: 60_000,
    logger: { warn } as unknown as Logger,
    ended,
  });
  try {
    listener?.(frame(0, H264));
    listener?.(frame(1, H264));
    expect(ended).not.toHaveBeenCalled();
    listener?.(frame(2, OTHER));
    expect(ended).toHaveBeenCalledOnce();
    expect(warn.mock.lastCall?.[0]).toContain("now sends another codec");
    expect(listener).toBeUndefined();
  } finally {
    channel.stop();
  }
});
