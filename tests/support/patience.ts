import { vi } from "vitest";

/** Vitest waits a second for what a test waits for without naming a limit, in which a busy machine may do nothing at all. */
const PATIENCE_MS = 30_000;

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options = {}) => waitFor(callback, withPatience(options));
vi.waitUntil = (callback, options = {}) => waitUntil(callback, withPatience(options));

type Options = Exclude<Parameters<typeof waitFor>[1], undefined>;

function withPatience(options: Options): Options {
  return typeof options === "number" ? options : { timeout: PATIENCE_MS, ...options };
}
