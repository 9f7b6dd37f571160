import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Starts one ffmpeg per URL that copies its stream into segments of a minute in `folder`. */
export function startFfmpegs(urls: readonly string[], folder: string): ChildProcess[] {
  return urls.map((url, i) => {
    const input = ["-v", "error", "-rtsp_transport", "tcp", "-i", url];
    const output = ["-c", "copy", "-f", "segment", "-segment_time", "60", join(folder, `${i}-%03d.mp4`)];
    return spawn("ffmpeg", [...input, ...output], { stdio: "ignore" });
  });
}

/**
 * Starts the minimal process: one Node that copies the bytes of every socket into a file in `folder`, and nothing else.
 */
export function startFloor(urls: readonly string[], folder: string): ChildProcess[] {
  const script = fileURLToPath(new URL("copying-floor.mjs", import.meta.url));
  return [spawn(process.execPath, [script, folder, ...urls], { stdio: "inherit" })];
}

/** Kills processes and waits until they have ended. */
export async function killAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }),
  );
}
