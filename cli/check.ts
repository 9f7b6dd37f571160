// `nvr check`: validates the configuration and tests each camera, or those given as arguments.

import { describeSize } from "../services/recorder/camera/picture-size.ts";
import { type ProbeResult, probeCamera } from "../services/recorder/camera/probe.ts";
import { asCameraError } from "../services/recorder/errors/camera-error.ts";
import { quoting } from "../services/recorder/errors/quote.ts";
import { BatchedSockets } from "../services/recorder/rtsp/batched-socket.ts";
import { configPath, loadConfig, readConfigText } from "../shared/config/load-config.ts";
import { findOpenSecrets } from "../shared/config/readers.ts";
import { secretsIn } from "../shared/config/secrets.ts";
import { isWithin, readMounts } from "../shared/disk/mount-points.ts";
import { NotMountedError } from "../shared/disk/not-mounted-error.ts";
import { Redactor } from "../shared/logging/redactor.ts";
import { processSurroundings } from "../shared/process/surroundings.ts";
import { runCommand } from "./command.ts";

const LIMIT_MS = 15_000;
const READ_INTERVAL_MS = 50;

await runCommand(async () => {
  const config = await loadConfig();
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !config.cameras.has(name));
  if (unknown.length > 0) {
    console.error(`not in the configuration: ${unknown.join(", ")}`);
    return 1;
  }
  console.log("the configuration is valid");
  const surroundings = processSurroundings();
  const openSecrets = await findOpenSecrets(configPath(surroundings), (await readConfigText(surroundings)) ?? "{}");
  if (openSecrets !== undefined) console.log(`WARNING: ${openSecrets}`);
  const unmounted = missingMounts(config.storage.mountPoints);
  for (const mountPoint of unmounted) console.log(`FAILED: ${new NotMountedError(mountPoint).message}`);
  const cameras = [...config.cameras.values()].filter(({ id, enabled }) =>
    names.length > 0 ? names.includes(id) : enabled,
  );
  if (cameras.length === 0) console.log("no camera is configured: see config/nvr.example.json");
  const redactor = new Redactor(secretsIn({ current: config }));
  const quote = quoting((text) => redactor.text(text));
  const sockets = new BatchedSockets(READ_INTERVAL_MS);
  const results = await Promise.all(
    cameras.map(async (camera) => {
      try {
        console.log(`${camera.id}: ${describe(await probeCamera(camera, { sockets, quote, limitMs: LIMIT_MS }))}`);
        return true;
      } catch (error) {
        const { message, advice } = asCameraError(error, quote);
        console.log(`${camera.id}: FAILED: ${message}: ${advice}`);
        return false;
      }
    }),
  );
  return unmounted.length === 0 && results.every(Boolean) ? 0 : 1;
});
process.exit(); // whatever a camera may still keep open

/** The folders at and below which nothing is mounted. */
function missingMounts(mountPoints: readonly string[]): string[] {
  const mounts = mountPoints.length === 0 ? [] : readMounts();
  return mountPoints.filter((folder) => !mounts.some(({ point }) => isWithin(point, folder)));
}

function describe({ picture, framesPerSecond, bitsPerSecond, keyframeIntervalMs }: ProbeResult): string {
  const keyframes =
    keyframeIntervalMs === undefined ? "no second keyframe seen" : `a keyframe every ${keyframeIntervalMs / 1000} s`;
  const megabits = (bitsPerSecond / 1e6).toFixed(2);
  return `ok, ${picture.codec}, ${describeSize(picture)}, ${framesPerSecond} frames/s, ${megabits} Mbit/s, ${keyframes}`;
}
