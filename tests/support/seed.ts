/**
 * The seed of everything random in a run of the suite: always the same, unless NVR_TEST_SEED gives another number, so
 * that a failed run can be repeated. The long forms choose their own.
 */
export const SEED = Number(process.env.NVR_TEST_SEED ?? 20_261_201);
