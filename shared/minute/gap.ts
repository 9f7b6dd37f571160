/** Shorter pauses between two pictures are none that a viewer would notice, µs. */
export const GAP_US = 1_000_000;
