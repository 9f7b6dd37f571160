/** Properties of a camera besides its clip. The cameras of the soak have these shapes in turn. */
interface Shape {
  name: string;
  clip: Record<string, unknown>;
  /** Bit rate as a multiple of the run's. */
  rate: number;
  /** Further options of the simulator's camera. */
  simulator?: Record<string, unknown>;
  transport?: "udp";
}

/** One camera of the soak: how the simulator runs it, and how the recorder connects to it. */
export interface SoakCamera {
  id: string;
  fps: number;
  simulator: Record<string, unknown>;
  transport: "tcp" | "udp";
  credentials?: { user: string; password: string };
  /** The recorder inserts the SDP's parameter sets before keyframes that are sent without them. */
  addsParameterSets: boolean;
  /** Clips to which the camera may change during the stream. */
  otherClips: Record<string, unknown>[];
}

const CREDENTIALS = { user: "viewer", password: "soak/p@ss" };
const SIZE = { width: 640, height: 360, fps: 25, gopFrames: 50, seconds: 10, label: "soak" };
const OTHER_CLIPS = [{ width: 480, height: 272 }, { width: 320, height: 240, profile: "high" }, {}];

const SHAPES: Shape[] = [
  { name: "plain", clip: {}, rate: 1 },
  { name: "b-frames", clip: { bFrames: 2 }, rate: 1.25 },
  {
    name: "slices",
    clip: { slices: 4 },
    rate: 1,
    simulator: { accessUnitDelimiters: true, aggregate: true, join: "immediately" },
  },
  { name: "gop-cache", clip: { gopFrames: 100 }, rate: 1, simulator: { join: "gop-cache" } },
  { name: "sdp-sets", clip: {}, rate: 0.75, simulator: { parameterSets: "sdp" } },
  { name: "udp", clip: {}, rate: 1, transport: "udp" },
  { name: "in-band", clip: { fps: 20, gopFrames: 40 }, rate: 1, simulator: { parameterSets: "in-band" } },
  {
    name: "variable",
    clip: { fps: 15, gopFrames: 30 },
    rate: 0.75,
    simulator: { faults: { captureJitter: { maxMs: 40 } } },
  },
  { name: "slow", clip: { fps: 5, gopFrames: 10 }, rate: 0.6 },
  { name: "fast", clip: { fps: 30, gopFrames: 30, bFrames: 1, profile: "high" }, rate: 1.5 },
  { name: "small-packets", clip: {}, rate: 1, simulator: { maxPacketBytes: 300, aggregate: true } },
  {
    name: "tracks",
    clip: {},
    rate: 0.75,
    simulator: { tracks: ["audio", "metadata", "video"], quirks: { interleaved: "own", controlUrls: "absolute" } },
  },
  {
    name: "login",
    clip: {},
    rate: 0.75,
    simulator: { auth: { ...CREDENTIALS, schemes: ["digest-sha256", "digest-md5"], staleAfterRequests: 3 } },
  },
  { name: "udp-b-frames", clip: { bFrames: 2, slices: 2 }, rate: 1, transport: "udp" },
  { name: "long-gop", clip: { fps: 12, gopFrames: 72 }, rate: 1.5 },
  {
    name: "baseline",
    clip: { profile: "baseline", slices: 2 },
    rate: 0.75,
    simulator: { quirks: { bareLineFeeds: true, dataBeforePlayAnswer: true, headerCase: "lower" } },
  },
];

/** `count` cameras, of all shapes in turn. @param bitrateKbit bit rate of a camera with `rate` 1 */
export function soakCameras(count: number, bitrateKbit: number): SoakCamera[] {
  return Array.from({ length: count }, (_, index) => {
    const shape = SHAPES[index % SHAPES.length] as Shape;
    const round = Math.floor(index / SHAPES.length);
    const id = round === 0 ? shape.name : `${shape.name}-${round + 1}`;
    const clip = { ...SIZE, ...shape.clip, bitrateKbit: Math.round(bitrateKbit * shape.rate) };
    return {
      id,
      fps: clip.fps,
      // Each camera loses different packets.
      simulator: { id, clip, ...shape.simulator, faults: { ...(shape.simulator?.faults as object), seed: index + 1 } },
      transport: shape.transport ?? "tcp",
      ...(shape.simulator?.auth === undefined ? {} : { credentials: CREDENTIALS }),
      addsParameterSets: shape.simulator?.parameterSets === "sdp",
      otherClips: OTHER_CLIPS,
    };
  });
}
