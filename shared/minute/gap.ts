/** Shorter pauses between two pictures are not gaps: no viewer would notice them, µs. */
export const GAP_US = 1_000_000;
