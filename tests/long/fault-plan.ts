import { createRandom, type Random } from "../../tools/camera-simulator/random.ts";
import type { SoakCamera } from "./cameras.ts";

/** One change of a camera's faults. */
export interface PlannedFault {
  atMs: number;
  camera: string;
  kind: string;
  /** In the simulator's format (tools/camera-simulator/faults.ts). */
  faults: Record<string, unknown> & { forMs?: number };
}

type Choice = (random: Random, camera: SoakCamera) => PlannedFault["faults"];

/** Faults of the stream and its connection: each camera has one at a time. */
const STREAM_FAULTS: Record<string, Choice> = {
  loss: (random) => ({ loss: { probability: within(random, 0.001, 0.02) }, forMs: within(random, 4000, 20_000) }),
  "short stall": (random) => ({ stall: true, forMs: within(random, 500, 4000) }),
  "long stall": (random) => ({ stall: true, forMs: within(random, 6500, 12_000) }),
  cut: (random) => ({ cut: { refuseForMs: within(random, 500, 9000) }, seed: random.below(1e9) }),
  reconnect: (random) => ({ cut: { refuseForMs: 1 }, seed: random.below(1e9) }),
  jitter: (random) => ({ jitter: { maxMs: within(random, 20, 400) }, forMs: within(random, 4000, 20_000) }),
  "parameter change": (random, { otherClips }) => ({
    parameterChange: otherClips[random.below(otherClips.length)],
  }),
  "unknown NAL units": (random) => garbage(random, "nal-type", 0.002, 0.05),
  "garbled payloads": (random) => garbage(random, "payload", 0.002, 0.05),
  "garbage between packets": (random) => garbage(random, "channel", 1, 1),
  "slow answers": (random) => ({
    slowAnswers: { ms: within(random, 100, 1500) },
    cut: { refuseForMs: 1 },
    forMs: within(random, 5000, 15_000),
  }),
  "endless GOP": (random) => ({ endlessGop: true, forMs: within(random, 10_000, 100_000) }),
  "long GOP": (random) => ({ longGop: { seconds: within(random, 4, 20) }, forMs: within(random, 10_000, 60_000) }),
  "lost packets, one by one": (random) => ({
    loss: { packets: Array.from({ length: 20 }, () => random.below(20_000)) },
    forMs: within(random, 10_000, 30_000),
  }),
};

/** Packets come out of order only over UDP: within a TCP connection they cannot. */
const UDP_FAULTS: Record<string, Choice> = {
  reorder: (random) => ({
    reorder: { probability: within(random, 0.01, 0.1), distance: 1 + random.below(4) },
    forMs: within(random, 4000, 20_000),
  }),
};

/** Faults of the camera's clock, independent of those of the stream. */
const CLOCK_FAULTS: Record<string, Choice> = {
  drift: (random) => ({ driftPpm: within(random, -200, 200) }),
  "drift again": (random) => ({ driftPpm: within(random, -200, 200) }),
  "small clock jump": (random) => ({ clockJump: { ms: sign(random) * within(random, 50, 900) } }),
  "large clock jump": (random) => ({ clockJump: { ms: sign(random) * within(random, 2500, 7_200_000) } }),
};

/**
 * Faults for all cameras in a run, in order of time; the same seed gives the same plan. Each camera has one fault of
 * its stream at a time, with pauses of 2 to 25 s, and a change of its clock every 20 to 90 s.
 */
export function planFaults(seed: number, cameras: readonly SoakCamera[], lengthMs: number): PlannedFault[] {
  const plan: PlannedFault[] = [];
  for (const [index, camera] of cameras.entries()) {
    const random = createRandom(seed * 1000 + index);
    const stream = camera.transport === "udp" ? { ...STREAM_FAULTS, ...UDP_FAULTS } : STREAM_FAULTS;
    for (const [choices, minMs, maxMs] of [[stream, 2000, 25_000] as const, [CLOCK_FAULTS, 20_000, 90_000] as const]) {
      let atMs = within(random, 0, maxMs);
      while (atMs < lengthMs) {
        const kinds = Object.keys(choices);
        const kind = kinds[random.below(kinds.length)] as string;
        const faults = (choices[kind] as Choice)(random, camera);
        plan.push({ atMs, camera: camera.id, kind, faults });
        atMs += (faults.forMs ?? 0) + within(random, minMs, maxMs);
      }
    }
  }
  return plan.sort((a, b) => a.atMs - b.atMs);
}

function garbage(random: Random, kind: string, least: number, most: number): PlannedFault["faults"] {
  return { garbage: { kind, probability: within(random, least, most) }, forMs: within(random, 300, 3000) };
}

/** Uniformly distributed within the limits; an integer when they are integers. */
function within(random: Random, least: number, most: number): number {
  const value = least + random.next() * (most - least);
  return Number.isInteger(least) && Number.isInteger(most) && most > 1 ? Math.round(value) : value;
}

function sign(random: Random): number {
  return random.next() < 0.5 ? -1 : 1;
}
