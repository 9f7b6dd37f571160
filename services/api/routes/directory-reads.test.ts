import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";

const DAY = "20251124";
const PATHS = [
  `/api/1/cameras/${DAY}`,
  "/api/1/days",
  "/api/1/cameras",
  `/api/1/camera/front-door/minutes?day=${DAY}&details`,
  `/api/1/camera/front-door/spans?day=${DAY}`,
  `/api/1/camera/front-door.thumbnail.${DAY}.1433.jpg`,
  `/api/1/camera/front-door.sprites.${DAY}.14.jpg`,
];

/** The system calls of this process, as reported by strace. */
class Trace {
  readonly #log: string;
  readonly #strace: ChildProcess;

  private constructor(log: string) {
    this.#log = log;
    const calls = "trace=openat,getdents64,stat,statx,newfstatat,lstat";
    this.#strace = spawn("strace", ["-f", "-y", "-e", calls, "-o", log, "-p", String(process.pid)], { stdio: "pipe" });
  }

  static async start(store: StoreFixture): Promise<Trace> {
    const trace = new Trace(join(store.root, "trace"));
    await once(trace.#strace.stderr as NonNullable<ChildProcess["stderr"]>, "data"); // "attached"
    return trace;
  }

  /** The calls for paths below a folder, in order. */
  calls(folder: string): string[] {
    const lines = readFileSync(this.#log, "utf8").split("\n");
    return lines.filter((line) => line.includes(folder) && !line.includes("trace"));
  }

  async stop(): Promise<void> {
    const gone = once(this.#strace, "exit");
    this.#strace.kill("SIGINT");
    await gone;
  }
}

it("no folder of a day that has not changed is read, whatever is asked for, and no mp4 is opened again", async () => {
  const store = new StoreFixture();
  const api = await new ApiFixture(store).start();
  const trace = await Trace.start(store);
  try {
    for (const camera of ["front-door", "back_yard-2"]) {
      store.minute(camera, `${DAY}.1433`);
      store.write(minutePath(store.directory(camera), camera, `${DAY}.1433`, "mp4"), await realMinute(`${DAY}.1433`));
      store.settle(camera, `${DAY}.1433`);
      store.age(store.directory(camera), 60);
    }
    const ask = async () => {
      for (const path of PATHS) expect((await api.get(path)).status, path).toBe(200);
    };
    const reads = () => trace.calls(store.root).filter((line) => /getdents64\(|O_DIRECTORY/.test(line));
    const opened = () => trace.calls(store.root).filter((line) => /openat\(.*\.mp4.*O_RDONLY/.test(line));
    await ask();
    await vi.waitFor(() => expect(reads().length).toBeGreaterThan(4)); // strace has seen the first reading
    expect(opened()).toHaveLength(1);
    await ask(); // the sheet that was just made has changed the storage root
    const [readsBefore, callsBefore] = [reads().length, trace.calls(store.root).length];
    for (let i = 0; i < 10; i++) await ask();
    await vi.waitFor(() => expect(trace.calls(store.root).length).toBeGreaterThan(callsBefore + 10 * PATHS.length));
    expect(reads().slice(readsBefore)).toEqual([]);
    expect(opened()).toHaveLength(1);
  } finally {
    await trace.stop();
    await api.stop();
    store.remove();
  }
}, 30_000);
