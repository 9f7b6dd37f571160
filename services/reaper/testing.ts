import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach } from "vitest";
import type { CameraConfig, Config, ReaperConfig } from "../../shared/config/config.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { chunkPath, minutePath } from "../../shared/store/names.ts";
import { dayOf, MINUTE_MS, minuteAt } from "../../shared/time/minute.ts";
import { DaySizes } from "./day-sizes.ts";
import { type PassParts, runPass } from "./pass.ts";
import { ReapedLog, type Reason } from "./reaped-log.ts";

/**
 * A small file system of its own under a temporary folder. Throws when it cannot be mounted: tests need root for it.
 */
export class SmallDisk {
  readonly path: string;

  constructor(size = "8m") {
    this.path = mkdtempSync(join(tmpdir(), "hindsight-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", this.path]);
  }

  remove(): void {
    execFileSync("umount", ["--lazy", this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What a pass reported; minutes as `camera.minute`. */
export interface Told {
  removed: string[];
  reasons: Reason[];
  unconverted: string[];
  problems: string[];
}

export const nothingTold = (): Told => ({ removed: [], reasons: [], unconverted: [], problems: [] });

/** One pass, whose parts `more` replaces; returns `told` when it is over. */
export async function pass(config: Config, more: Partial<PassParts> = {}, told = nothingTold()): Promise<Told> {
  if (config.reaper === undefined) throw new Error("a pass needs a reaper stanza");
  const files = new StoreFiles();
  await runPass({
    files,
    config,
    reaper: config.reaper,
    log: new ReapedLog(files, config.storage.root),
    sizes: new DaySizes(files),
    mayGoOn: () => true,
    events: {
      removed({ camera, minute }, reason, _removal, unconverted) {
        told.removed.push(`${camera}.${minute}`);
        told.reasons.push(reason);
        if (unconverted) told.unconverted.push(`${camera}.${minute}`);
      },
      measured() {},
      problem: (message) => told.problems.push(message),
    },
    ...more,
  });
  return told;
}

export function cameraConfig(id: string, directory: string, more: Partial<CameraConfig> = {}): CameraConfig {
  return { id, directory, enabled: true, url: "rtsp://192.0.2.1", transport: "tcp", ...more } as CameraConfig;
}

export function configOf(root: string, cameras: readonly CameraConfig[], reaper?: Partial<ReaperConfig>): Config {
  return {
    storage: { root },
    cameras: new Map(cameras.map((camera) => [camera.id, camera])),
    log: { level: "info", format: "text" },
    redis: { url: "redis://127.0.0.1:1" },
    recorder: { diskReserveBytes: 0 },
    health: {},
    ...(reaper && {
      reaper: { minFreePercent: 0, minFreeBytes: 0, logDays: 90, intervalMs: 50, dryRun: false, ...reaper },
    }),
  } as unknown as Config;
}

/** When the test began, so that `minutesAgo` returns the same minutes throughout a test. */
let startedMs = Date.now();
beforeEach(() => {
  startedMs = Date.now();
});

/** The minute that began `count` minutes ago. */
export function minutesAgo(count: number): string {
  return minuteAt((startedMs - count * MINUTE_MS) * 1000);
}

/** Creates a folder for each of the last days in a directory, as if it had been recorded all the time. */
export function writeDays(directory: string, days: number): string {
  for (let day = 0; day < days; day++)
    mkdirSync(join(directory, dayOf(minutesAgo(day * 1440)), "x"), { recursive: true });
  return directory;
}

/** Writes a file that was last modified `minutes` ago. */
export function writeOld(path: string, content: Buffer | string, minutes: number): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  const seconds = Date.now() / 1000 - minutes * 60;
  utimesSync(path, seconds, seconds);
  return path;
}

/** Writes a minute's three files, the mp4 of `bytes` bytes. Returns their paths: mp4, preview, thumbnail. */
export function writeMinute(directory: string, camera: string, minute: string, bytes = 1000): string[] {
  return (["mp4", "preview", "thumbnail"] as const).map((kind) =>
    writeOld(minutePath(directory, camera, minute, kind), kind === "mp4" ? Buffer.alloc(bytes, 1) : kind, 0),
  );
}

export function writeChunk(
  directory: string,
  camera: string,
  minute: string,
  idleMinutes: number,
  bytes = 1000,
  part = 1,
): string {
  return writeOld(chunkPath(directory, camera, minute, part), Buffer.alloc(bytes, 1), idleMinutes);
}

/** A sparse file: it has a length, but uses no space. */
export function writeSparse(path: string, bytes: number): string {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "w");
  ftruncateSync(file, bytes);
  closeSync(file);
  return path;
}
