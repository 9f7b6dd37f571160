import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bundleScript } from "../shared/testing/run-script.ts";
import { FileLock, LockedError } from "./file-lock.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-lock-"));
  path = join(folder, "the lock");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("what is locked is refused with who holds it, and can be had when it was given back", async () => {
  const first = await FileLock.take(path);
  const refusal = await FileLock.take(path).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LockedError);
  expect((refusal as LockedError).holder).toMatch(new RegExp(`^process ${process.pid} on \\S+$`));
  await first.release();
  await (await FileLock.take(path)).release();
});

test("it is a lock of the kernel, which other programs see", async () => {
  const lock = await FileLock.take(path);
  const tryToLock = () => execFileSync("python3", ["-S", "-c", TRY_TO_LOCK, path], { stdio: "ignore" });
  expect(tryToLock).toThrow();
  await lock.release();
  tryToLock();
});

const TRY_TO_LOCK = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)";

test("kill -9 of the process that holds it gives it back, also when other children of it live on", async () => {
  const script = await bundleScript(`
    import { spawn } from "node:child_process";
    import { FileLock } from ${JSON.stringify(join(import.meta.dirname, "file-lock.ts"))};
    await FileLock.take(${JSON.stringify(path)});
    const other = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    console.log(other.pid);
    setInterval(() => {}, 1000);`);
  const holder: ChildProcess = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const [other] = (await once(holder.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
  try {
    await expect(FileLock.take(path)).rejects.toThrow(LockedError);
    holder.kill("SIGKILL");
    const lock = await vi.waitFor(() => FileLock.take(path), { timeout: 20_000 });
    await lock.release();
  } finally {
    process.kill(Number(other));
    await rm(dirname(script), { recursive: true });
  }
});

test("a file that cannot be opened is told", async () => {
  const taking = FileLock.take(join(folder, "missing", "lock"));
  await expect(taking).rejects.toThrow(/cannot be locked: .*missing/);
  await expect(taking).rejects.not.toThrow(LockedError);
});

test("a disk that does not answer is not waited for", async () => {
  execFileSync("mkfifo", [path]); // opening it blocks until there is a reader
  await expect(FileLock.take(path, 200)).rejects.toThrow("its disk does not answer within 200 ms");
});
