import { readFile } from "node:fs/promises";
import { secretsIn } from "../../shared/config/secrets.ts";
import { Redactor } from "../../shared/logging/redactor.ts";
import { ConversionQueue } from "../../shared/queue/conversion-queue.ts";
import { requestFreeUp } from "../../shared/queue/free-up.ts";
import { runService } from "../../shared/service/run-service.ts";
import { StatusStore } from "../../shared/status/status-store.ts";
import { DirectoryMemory } from "./chunk/directory-memory.ts";
import { hostClock } from "./clock/system-clock.ts";
import { quoting } from "./errors/quote.ts";
import { LeaseKeeper } from "./lease/lease-keeper.ts";
import { LeaseTable } from "./lease/lease-table.ts";
import { isGone, recorderName } from "./lease/recorder-name.ts";
import { LiveFeed } from "./live/live-feed.ts";
import { registerCameraMetrics, registerLiveMetrics } from "./metrics.ts";
import { Recorder } from "./recorder.ts";

const STATUS_INTERVAL_MS = 2000;

await runService("recorder", async ({ instance, config, files, logger, redis, metrics }) => {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const queue = new ConversionQueue(redis, config.current.converter);
  const statuses = new StatusStore(redis);
  const live = new LiveFeed(redis);
  const directories = new DirectoryMemory(files, config.current.storage.root, logger);
  const redactor = new Redactor(secretsIn(config));
  const recorder = new Recorder(config.current, {
    origin: { recorder: instance, boot },
    disks: files.disks,
    clock: hostClock,
    logger,
    quote: quoting((text) => redactor.text(text)),
    live: (camera) => live.tap(camera),
    chunkClosed: (job) => queue.push(job),
    directoryUsed: ({ id, directory }) => directories.remember({ camera: id, directory }),
    roomWanted: (directory) => void requestFreeUp(redis, directory),
  });
  registerCameraMetrics(metrics, () => recorder.statuses());
  registerLiveMetrics(metrics, live.publisher);
  recorder.start();
  const leaseTable = new LeaseTable(redis);
  const name = recorderName(instance);
  const leases = new LeaseKeeper({
    recorder: name,
    ask: (question) => leaseTable.ask(question),
    isDead: isGone,
    cameras: () => recorder.enabledCameras,
    recording: () => recorder.statuses().flatMap(({ camera, state }) => (state === "recording" ? [camera] : [])),
    run: (cameras) => recorder.record(cameras),
  });
  leases.start();
  config.onChange((next) => {
    redactor.update();
    recorder.reconfigure(next);
  });
  const timer = setInterval(() => void statuses.publishCameras(name, recorder.statuses()), STATUS_INTERVAL_MS);
  return {
    problems: () => [...recorder.problems(), ...directories.problems()],
    stop: async () => {
      clearInterval(timer);
      await leases.leave();
      live.stop();
      await recorder.stop();
      await queue.close();
    },
  };
});
