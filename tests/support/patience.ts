import { vi } from "vitest";

/** Replaces vitest's default timeout of one second for waiting, in which a busy machine may do nothing at all. */
const PATIENCE_MS = 30_000;

const patient = vi as typeof vi & { isPatient?: true };
const { waitFor, waitUntil, isPatient } = patient;
// This runs for each test file, of which one process runs many.
if (isPatient === undefined) {
  patient.waitFor = (callback, options = {}) => waitFor(callback, withPatience(options));
  patient.waitUntil = (callback, options = {}) => waitUntil(callback, withPatience(options));
  patient.isPatient = true;
}

type Options = Exclude<Parameters<typeof waitFor>[1], undefined>;

function withPatience(options: Options): Options {
  return typeof options === "number" ? options : { timeout: PATIENCE_MS, ...options };
}
