import { vi } from "vitest";

/** Vitest waits a second for what a test waits for without naming a limit, in which a busy machine may do nothing at all. */
const PATIENCE_MS = 30_000;

const patient = vi as typeof vi & { isPatient?: true };
const { waitFor, waitUntil, isPatient } = patient;
// One process runs many test files, and this for each.
if (isPatient === undefined) {
  patient.waitFor = (callback, options = {}) => waitFor(callback, withPatience(options));
  patient.waitUntil = (callback, options = {}) => waitUntil(callback, withPatience(options));
  patient.isPatient = true;
}

type Options = Exclude<Parameters<typeof waitFor>[1], undefined>;

function withPatience(options: Options): Options {
  return typeof options === "number" ? options : { timeout: PATIENCE_MS, ...options };
}
