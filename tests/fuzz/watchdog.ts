import { Worker } from "node:worker_threads";

const TEXT_BYTES = 4096;
const BEATS = 0;
const IS_BUSY = 1;
const TEXT_LENGTH = 2;

/** Runs in a thread of its own, because a thread that hangs cannot check a clock. */
const SCRIPT = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const numbers = new Int32Array(workerData.shared, 0, 3);
const text = new Uint8Array(workerData.shared, 12);
let beats = -1;
let sinceMs = Date.now();
setInterval(() => {
  const now = Atomics.load(numbers, ${BEATS});
  if (now !== beats || Atomics.load(numbers, ${IS_BUSY}) === 0) {
    beats = now;
    sinceMs = Date.now();
  } else if (Date.now() - sinceMs > workerData.limitMs) {
    const what = Buffer.from(text.subarray(0, Atomics.load(numbers, ${TEXT_LENGTH}))).toString();
    writeSync(2, "fuzzing hangs: one input took more than " + workerData.limitMs + " ms: " + what + "\\n");
    process.kill(process.pid, "SIGKILL");
  }
}, 500);
`;

/** Kills this process, and prints why, when one input takes longer than a limit far above anything normal. */
export class Watchdog {
  readonly #numbers: Int32Array;
  readonly #text: Uint8Array;
  readonly #worker: Worker;

  /** @param limitMs maximum wall-clock time of one input, even on a busy machine */
  constructor(limitMs = 60_000) {
    const shared = new SharedArrayBuffer(12 + TEXT_BYTES);
    this.#numbers = new Int32Array(shared, 0, 3);
    this.#text = new Uint8Array(shared, 12);
    this.#worker = new Worker(SCRIPT, { eval: true, workerData: { shared, limitMs } });
    this.#worker.unref();
  }

  /** Sets the text to print if one of the following inputs hangs: enough to run it again. */
  describe(text: string): void {
    const bytes = Buffer.from(text).subarray(0, TEXT_BYTES);
    this.#text.set(bytes);
    Atomics.store(this.#numbers, TEXT_LENGTH, bytes.length);
  }

  /** An input begins. */
  begin(): void {
    Atomics.add(this.#numbers, BEATS, 1);
    Atomics.store(this.#numbers, IS_BUSY, 1);
  }

  /** The input is done. */
  end(): void {
    Atomics.store(this.#numbers, IS_BUSY, 0);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
