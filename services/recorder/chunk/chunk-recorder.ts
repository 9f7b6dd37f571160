import type { ChunkOrigin } from "../../../shared/chunk/format.ts";
import type { Minute } from "../../../shared/time/minute.ts";
import type { GopPlace } from "../live/newest-gop.ts";
import { ChunkFile } from "./chunk-file.ts";
import type { ChunkStep, WriteStep } from "./chunk-planner.ts";
import { DiskTrouble, UnsafeError } from "./disk-trouble.ts";
import type { RecordingDisk } from "./recording-disk.ts";
import type { RecordingDisks } from "./recording-disks.ts";
import { syncPhase } from "./sync-phase.ts";

/** What the recorder of a camera's chunks is given. */
export interface ChunkRecorderOptions {
  camera: string;
  directory: string;
  /** What may wait in memory for the disk, bytes: whole buffers count, however little of them is used. */
  maxBufferBytes: number;
  /** What was written is durable at most so long after. */
  syncIntervalMs: number;
  disks: RecordingDisks;
  /** A chunk was closed: it can be converted. Nothing is awaited. */
  closed(minute: Minute): void;
  /** The disk fails (again), or works again after it had failed. */
  trouble(error: Error | undefined): void;
}

/** A session of the camera, from which steps come. */
export interface ChunkSource {
  origin: Omit<ChunkOrigin, "clockOffsetUs">;
  /** The bytes of a write are no longer needed. */
  written(bytes: Buffer): void;
}

type Step = ChunkStep | { kind: "begin"; source: ChunkSource };

const RETRY_MS = 1000;
/** A disk that takes so long for one thing is said not to answer. */
const SILENT_MS = 10_000;
/** Far less than a chunk must rest before it is taken for closed and converted. */
const FROZEN_MS = 10_000;

/**
 * Carries out the steps that the ChunkPlanners of a camera's sessions make, one after the other. A disk that fails loses
 * nothing, whatever the camera does meanwhile: steps wait in memory up to the bound, and are tried again every second; a
 * write that failed half-way goes on in the minute's next part. What is written is made durable in the background: nothing
 * waits for that but the end.
 */
export class ChunkRecorder {
  readonly #options: ChunkRecorderOptions;
  readonly #steps: Step[] = [];
  readonly #trouble: DiskTrouble;
  /** Syncs and closes under way, oldest first, and since when. */
  readonly #background = new Map<Promise<void>, number>();
  /** Into which of the intervals between two syncs this camera's fall: not all cameras' at once. */
  readonly #phase: number;
  /** That of the step that is carried out. */
  #source: ChunkSource | undefined;
  /** That of the steps to come. */
  #newSource: ChunkSource | undefined;
  /** That of the chunk opened last. */
  #disk: RecordingDisk | undefined;
  #chunk: ChunkFile | undefined;
  /** That of which a sync failed. */
  #brokenChunk: ChunkFile | undefined;
  /** Where in that chunk the newest keyframe's block begins. */
  #keyframe: { chunk: ChunkFile; at: number } | undefined;
  #minute: Minute = "";
  #clockOffsetUs = 0;
  /** Bytes that are to be written, and of the buffers that hold them. */
  #waitingBytes = 0;
  #heldBytes = 0;
  #syncInterval = -1;
  #writtenMs = performance.now();
  /** Since when the step under way is carried out. */
  #busySinceMs: number | undefined;
  #isStopping = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ChunkRecorderOptions) {
    this.#options = options;
    this.#trouble = new DiskTrouble((error) => options.trouble(error));
    this.#phase = syncPhase(options.camera);
  }

  /**
   * Whether so many bytes more may wait; when not, the caller must drop them, up to the next keyframe, and count them. A
   * disk that is merely slow, or does not answer, raises no error: it is told as trouble here, until nothing waits.
   */
  hasRoomFor(bytes: number): boolean {
    const hasRoom = this.#heldBytes + bytes <= this.#options.maxBufferBytes;
    if (!hasRoom && !this.#trouble.has("failed") && !this.#trouble.has("dropping")) {
      this.#trouble.tell("dropping", new Error("the disk does not keep up and frames are dropped"));
    }
    return hasRoom;
  }

  /** What is pushed from now on comes from another session. */
  begin(source: ChunkSource): void {
    this.#newSource = source;
  }

  /** Takes steps of the session that began last; they are carried out in the background. */
  push(steps: ChunkStep[]): void {
    // With its first steps only: sessions that bring nothing take no memory while the disk fails.
    if (this.#newSource !== undefined && steps.length > 0) this.#steps.push({ kind: "begin", source: this.#newSource });
    if (steps.length > 0) this.#newSource = undefined;
    for (const step of steps) {
      if (step.kind === "write") {
        this.#waitingBytes += step.end - step.start;
        if (step.isLastOfBatch) this.#heldBytes += step.bytes.length;
      }
      this.#steps.push(step);
    }
    this.#running ??= this.#run();
  }

  /** Where the newest GOP lies when all that was pushed so far is written; undefined when it cannot be told. */
  newestGop(): Promise<GopPlace | undefined> {
    return new Promise((done) => this.push([{ kind: "call", done }]));
  }

  /** Whether what is under way waits for a disk that is mounted no more: it may wait for ever. */
  get isStranded(): boolean {
    const sinceMs = this.#busySinceMs ?? Number.POSITIVE_INFINITY;
    if (this.#disk === undefined || performance.now() - sinceMs < SILENT_MS) return false;
    return !this.#options.disks.isMounted(this.#disk);
  }

  /** Makes what was written durable when its time has come, and tells of a disk that does not answer. */
  tick(nowMs: number): void {
    this.#tellOfSilence();
    const interval = Math.floor(nowMs / this.#options.syncIntervalMs + this.#phase);
    if (interval === this.#syncInterval || this.#chunk === undefined || this.#chunk.isSyncing) return;
    this.#syncInterval = interval;
    this.#sync(this.#chunk);
  }

  /**
   * Carries out what waits, and returns how many bytes a disk that still fails, or does not answer at all (a network
   * share that is gone), after `limitMs` made us give up.
   */
  async stop(limitMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#isStopping = true;
        this.#wake?.();
        timer = setTimeout(resolve, RETRY_MS);
      }, limitMs);
    });
    await Promise.race([this.#settled(), limit]);
    clearTimeout(timer);
    if (this.#waitingBytes > 0) this.#steps.splice(1); // a disk that hangs must not keep more memory each time
    return this.#waitingBytes;
  }

  async #settled(): Promise<void> {
    while (this.#running !== undefined || this.#background.size > 0) {
      await Promise.all([this.#running, ...this.#background.keys()]);
    }
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // steps that are pushed together are carried out together
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      this.#busySinceMs = performance.now();
      try {
        const didWork = await this.#carryOut(step);
        if (didWork) this.#trouble.tell("failed", undefined);
        if (this.#heldBytes === 0) this.#trouble.tell("dropping", undefined);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") this.#options.disks.full(this.#options.directory);
        this.#trouble.tell("failed", error as Error);
        this.#trouble.forget("dropping"); // the error says more
        this.#busySinceMs = undefined;
        if (this.#isStopping) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          setTimeout(resolve, RETRY_MS);
        });
        this.#wake = undefined;
      }
    }
    if (this.#isStopping && this.#chunk !== undefined) await this.#leave(this.#chunk);
    this.#busySinceMs = undefined;
    this.#running = undefined;
  }

  /** Returns whether the disk had to do something, and did. */
  async #carryOut(step: Step): Promise<boolean> {
    let didWork = true;
    if (this.#chunk !== undefined && this.#chunk === this.#brokenChunk) await this.#leave(this.#chunk);
    if (step.kind === "open") {
      this.#minute = step.minute;
      this.#clockOffsetUs = step.clockOffsetUs;
      await this.#open();
    } else if (step.kind === "write") {
      await this.#write(step);
      if (step.isLastOfBatch) {
        this.#heldBytes -= step.bytes.length;
        this.#source?.written(step.bytes);
      }
    } else if (step.kind === "begin") {
      this.#source = step.source;
      didWork = false;
    } else if (step.kind === "call") {
      step.done(this.#placeOfGop());
      didWork = false;
    } else {
      didWork = await this.#close(step.endUs);
    }
    this.#steps.shift();
    return didWork;
  }

  #placeOfGop(): GopPlace | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined || this.#keyframe?.chunk !== chunk) return undefined;
    return { path: chunk.path, start: this.#keyframe.at, end: chunk.size };
  }

  async #open(): Promise<ChunkFile> {
    const { camera, directory, disks } = this.#options;
    if (this.#source === undefined) throw new Error("no session has begun");
    const { origin } = this.#source;
    const disk = await disks.of(directory);
    this.#disk = disk;
    disks.checkRoomForFile(disk);
    const description = {
      camera,
      directory,
      minute: this.#minute,
      origin: { ...origin, clockOffsetUs: this.#clockOffsetUs },
      openedUs: Date.now() * 1000,
    };
    const chunk = await ChunkFile.create(description, disk).catch(async (error: unknown) => {
      throw await disk.explain(error);
    });
    this.#chunk = chunk;
    this.#sync(chunk);
    return chunk;
  }

  async #write(step: WriteStep): Promise<void> {
    if (this.#chunk !== undefined) this.#options.disks.checkRoom(this.#chunk.disk);
    const chunk = this.#chunk ?? (await this.#open());
    const before = chunk.size;
    try {
      await chunk.write(step.bytes, step.start, step.end);
      const restedMs = performance.now() - this.#writtenMs;
      this.#writtenMs = performance.now();
      // This process, the camera or the disk stood still: meanwhile the chunk may have been converted and removed.
      if (restedMs > FROZEN_MS && (await chunk.isDeleted())) {
        this.#chunk = undefined;
        await chunk.abandon(before);
        await this.#write(step);
        return;
      }
      this.#waitingBytes -= step.end - step.start;
      if (step.keyframeStart !== undefined && step.keyframeStart >= step.start) {
        this.#keyframe = { chunk, at: before + step.keyframeStart - step.start };
      }
    } catch (error) {
      const reached = step.start + chunk.size - before;
      const whole = step.blockEnds.findLast((end) => end <= reached) ?? step.start;
      this.#chunk = undefined;
      if (await chunk.abandon(before + whole - step.start)) this.#options.closed(this.#minute);
      this.#waitingBytes -= whole - step.start;
      step.start = whole;
      if (whole < step.end) throw error;
    }
  }

  async #close(endUs: number): Promise<boolean> {
    const chunk = this.#chunk;
    if (chunk === undefined) return false; // given up before, and told
    this.#chunk = undefined;
    const minute = this.#minute;
    try {
      await chunk.end(endUs);
    } catch (error) {
      this.#options.closed(minute);
      throw error;
    }
    this.#inBackground(chunk.close(this.#mustExist()).finally(() => this.#options.closed(minute)));
    return true;
  }

  /** What follows goes into the next part: nobody knows what the disk kept of this one. */
  async #leave(chunk: ChunkFile): Promise<void> {
    this.#chunk = undefined;
    if (await chunk.abandon(chunk.size)) this.#options.closed(this.#minute);
  }

  #sync(chunk: ChunkFile): void {
    this.#inBackground(
      chunk.sync(this.#mustExist()).catch((error: unknown) => {
        this.#brokenChunk = chunk;
        throw error;
      }),
    );
  }

  /** Whether the chunk cannot have been converted and removed, because it was written to just now. */
  #mustExist(): boolean {
    return performance.now() - this.#writtenMs < FROZEN_MS;
  }

  #inBackground(work: Promise<boolean>): void {
    const done: Promise<void> = work
      .then(
        (hadFootage) => {
          if (hadFootage) this.#trouble.tell("unsafe", undefined);
        },
        (error: unknown) => this.#trouble.tell("unsafe", new UnsafeError(error as Error, this.#options.syncIntervalMs)),
      )
      .finally(() => this.#background.delete(done));
    this.#background.set(done, performance.now());
  }

  #tellOfSilence(): void {
    const [syncSinceMs] = this.#background.values();
    const sinceMs = Math.min(this.#busySinceMs ?? Number.POSITIVE_INFINITY, syncSinceMs ?? Number.POSITIVE_INFINITY);
    const isSilent = performance.now() - sinceMs > SILENT_MS;
    if (!isSilent) this.#trouble.tell("silent", undefined);
    else if (!this.#trouble.isAny) this.#trouble.tell("silent", new Error("the disk does not answer"));
  }
}
