import { createHash } from "node:crypto";
import type { Clip, ClipFrame } from "./clip.ts";
import type { CameraConfig } from "./config.ts";
import {
  ACCESS_UNIT_DELIMITER,
  buildFrameSei,
  type FrameMark,
  joinAnnexB,
  NAL_AUD,
  NAL_PPS,
  NAL_SPS,
  nalType,
} from "./h264.ts";
import { type PacketTemplate, packetize } from "./packetizer.ts";

export const VIDEO_PAYLOAD_TYPE = 96;

/**
 * The NAL units of one picture, ready to send. Unless they are countable, all cameras that show the clip share them.
 */
export class AccessUnitBody {
  readonly nals: readonly Buffer[];
  /** Not in use by any socket: whoever sends it without copying must replace it by a copy. */
  template: PacketTemplate;
  private hash: string | undefined;
  private hashOfPicture: string | undefined;

  constructor(nals: readonly Buffer[], template: PacketTemplate) {
    this.nals = nals;
    this.template = template;
  }

  /** SHA-256 of the NAL units, each after 00 00 00 01. */
  get sha256(): string {
    this.hash ??= sha256(this.nals);
    return this.hash;
  }

  /** The same without SPS, PPS and access unit delimiter, which recorders may add or leave out. */
  get sha256WithoutParameterSets(): string {
    if (this.hashOfPicture === undefined) {
      const rest = this.nals.filter((nal) => ![NAL_SPS, NAL_PPS, NAL_AUD].includes(nalType(nal)));
      this.hashOfPicture = rest.length === this.nals.length ? this.sha256 : sha256(rest);
    }
    return this.hashOfPicture;
  }

  get bytes(): number {
    return this.nals.reduce((sum, nal) => sum + nal.length, 0);
  }
}

/** One access unit as a camera sends it to all its clients. */
export interface AccessUnit {
  n: number;
  clipIndex: number;
  keyframe: boolean;
  captureTimeUs: number;
  /** The presentation time on the camera's RTP clock, without the session's offset. */
  ticks: number;
  body: AccessUnitBody;
}

/** Bodies of access units that are not countable, by the options they were made with and by frame. */
export type BodyCache = Map<string, WeakMap<ClipFrame, AccessUnitBody>>;

type BodyOptions = Pick<
  CameraConfig,
  "countable" | "parameterSets" | "accessUnitDelimiters" | "aggregate" | "maxPacketBytes"
>;

/** Assembles access units from NAL units according to one camera's configuration. */
export class BodyFactory {
  private readonly options: BodyOptions;
  private readonly cache: WeakMap<ClipFrame, AccessUnitBody>;

  constructor(options: BodyOptions, cache: BodyCache) {
    this.options = options;
    const { parameterSets, accessUnitDelimiters, aggregate, maxPacketBytes } = options;
    const key = [parameterSets, accessUnitDelimiters, aggregate, maxPacketBytes].join();
    this.cache = cache.get(key) ?? new WeakMap();
    cache.set(key, this.cache);
  }

  /** @param announce whether the parameter sets are new to the clients: then they are sent whatever the options are. */
  make(clip: Clip, frame: ClipFrame, mark: FrameMark, announce: boolean): AccessUnitBody {
    if (this.options.countable || announce) return this.build(clip, frame, mark, announce);
    let body = this.cache.get(frame);
    if (!body) {
      body = this.build(clip, frame, mark, false);
      this.cache.set(frame, body);
    }
    return body;
  }

  private build(clip: Clip, frame: ClipFrame, mark: FrameMark, announce: boolean): AccessUnitBody {
    const { countable, parameterSets, accessUnitDelimiters, aggregate, maxPacketBytes } = this.options;
    const nals: Buffer[] = [];
    if (accessUnitDelimiters) nals.push(ACCESS_UNIT_DELIMITER);
    if (frame.keyframe && (announce || parameterSets !== "sdp")) nals.push(clip.sps, clip.pps);
    if (countable) nals.push(buildFrameSei(mark));
    nals.push(...frame.slices);
    const template = packetize(nals, { payloadType: VIDEO_PAYLOAD_TYPE, maxPacketBytes, aggregate });
    return new AccessUnitBody(nals, template);
  }
}

function sha256(nals: readonly Buffer[]): string {
  return createHash("sha256").update(joinAnnexB(nals)).digest("hex");
}
