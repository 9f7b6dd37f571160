import type { CameraConfig, Config } from "../../shared/config/config.ts";
import type { Disks } from "../../shared/disk/disks.ts";
import type { Logger } from "../../shared/logging/logger.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import type { CameraStatus } from "../../shared/status/camera-status.ts";
import { CameraMemory } from "./camera/camera-memory.ts";
import { CameraRecorder } from "./camera/camera-recorder.ts";
import { TICK_INTERVAL_MS } from "./camera/chunk-feed.ts";
import { RecordingDisks } from "./chunk/recording-disks.ts";
import type { SystemClock } from "./clock/system-clock.ts";
import type { Quote } from "./errors/quote.ts";
import type { LiveTap } from "./live/live-tap.ts";
import { BatchedSockets } from "./rtsp/batched-socket.ts";

export interface RecorderOptions {
  /**
   * A name unique among all recorder processes, and the host's boot id: both are written to the chunks' origin blocks.
   */
  origin: { recorder: string; boot: string };
  /** The disk queues of the process. */
  disks: Disks;
  clock: SystemClock;
  logger: Logger;
  /** Makes a text from a camera safe to show. */
  quote: Quote;
  /** Where frames go while somebody watches a camera live. */
  live(camera: string): LiveTap;
  /** A chunk was closed. Must not block: frames wait behind it. */
  chunkClosed(job: ConversionJob): void;
  /** A camera is about to be recorded to its directory for the first time since the start. */
  directoryUsed(camera: CameraConfig): void;
  /** A directory's disk is full: called every few seconds while it is. Must not block. */
  roomWanted(directory: string): void;
}

/** Records its share of a configuration's enabled cameras in one process, driven by one timer. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #cameras = new Map<string, CameraRecorder>();
  /** Cameras that are being stopped; a camera of the same id starts only afterwards. */
  readonly #stopping = new Map<string, Promise<void>>();
  #config: Config;
  #share: ReadonlySet<string> = new Set();
  #sockets: BatchedSockets;
  readonly #disks: RecordingDisks;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(config: Config, options: RecorderOptions) {
    this.#config = config;
    this.#options = options;
    this.#sockets = new BatchedSockets(config.recorder.readIntervalMs);
    this.#disks = new RecordingDisks({
      disks: options.disks,
      reserveBytes: config.recorder.diskReserveBytes,
      roomWanted: options.roomWanted,
    });
  }

  /** Starts recording the cameras given to `record`. */
  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_INTERVAL_MS);
    this.#tick();
  }

  /** The cameras that are to be recorded, by this recorder or another, sorted. */
  get enabledCameras(): string[] {
    return [...this.#config.cameras.values()].flatMap(({ id, enabled }) => (enabled ? [id] : [])).sort();
  }

  /** From now on records those of these cameras that the configuration enables, and stops all others. */
  record(share: ReadonlySet<string>): void {
    if (share.size === this.#share.size && [...share].every((id) => this.#share.has(id))) return;
    this.#share = share;
    this.#apply(this.#config);
  }

  /** Applies a changed configuration: only cameras that it changes are stopped, started or restarted. */
  reconfigure(config: Config): void {
    if (!isSame(config.recorder, this.#config.recorder)) {
      this.#sockets = new BatchedSockets(config.recorder.readIntervalMs);
      this.#disks.reserveBytes = config.recorder.diskReserveBytes;
      for (const id of [...this.#cameras.keys()]) this.#stopCamera(id);
    }
    this.#config = config;
    this.#apply(config);
  }

  /** Stops all cameras. Resolves when everything received is written and every chunk is closed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const id of [...this.#cameras.keys()]) this.#stopCamera(id);
    await Promise.all(this.#stopping.values());
  }

  /** The current status of each camera. */
  statuses(): CameraStatus[] {
    return [...this.#cameras.values()].map((camera) => camera.status());
  }

  /** What is wrong with the disks that are recorded to; problems of cameras are in their status. */
  problems(): string[] {
    return [...this.#cameras.values()].flatMap((camera) => camera.diskProblem ?? []);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const camera of this.#cameras.values()) camera.tick(nowMs);
  }

  #apply(config: Config): void {
    if (this.#isStopped) return;
    for (const [id, recorder] of this.#cameras) {
      const camera = config.cameras.get(id);
      const isMine = camera?.enabled === true && this.#share.has(id);
      if (!isMine || !isSame(camera, recorder.camera)) this.#stopCamera(id);
    }
    for (const camera of config.cameras.values()) {
      if (!camera.enabled || !this.#share.has(camera.id) || this.#cameras.has(camera.id)) continue;
      const stopping = this.#stopping.get(camera.id);
      if (stopping === undefined) this.#startCamera(camera);
      else void stopping.then(() => this.#apply(this.#config));
    }
  }

  #startCamera(camera: CameraConfig): void {
    const { origin, clock, logger, quote, live, chunkClosed, directoryUsed } = this.#options;
    directoryUsed(camera);
    logger.info(`camera ${camera.id}: connecting`);
    this.#cameras.set(
      camera.id,
      new CameraRecorder({
        camera,
        memory: new CameraMemory(),
        quote,
        recorder: this.#config.recorder,
        sockets: this.#sockets,
        disks: this.#disks,
        clock,
        live: live(camera.id),
        origin,
        logger,
        chunkClosed: (minute) => chunkClosed({ camera: camera.id, minute, directory: camera.directory }),
      }),
    );
  }

  #stopCamera(id: string): void {
    const recorder = this.#cameras.get(id);
    if (recorder === undefined) return;
    this.#cameras.delete(id);
    const stopped = recorder.stop().finally(() => {
      this.#stopping.delete(id);
      this.#options.logger.info(`camera ${id}: stopped`);
    });
    this.#stopping.set(id, stopped);
  }
}

/** Whether two plain objects of plain values are equal. */
function isSame(a: object, b: object): boolean {
  const sorted = (value: object) => JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}
