import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CameraConfig, Config, LiveConfig } from "../../shared/config/config.ts";
import { chunkPath, dayFolder, minutePath, quarantineFolder } from "../../shared/store/names.ts";
import { dayOf } from "../../shared/time/minute.ts";

/** A configuration that a test can change. */
export class TestConfig implements LiveConfig {
  current: Config;
  readonly #listeners = new Set<(next: Config, previous: Config) => void>();

  constructor(current: Config) {
    this.current = current;
  }

  onChange(listener: (next: Config, previous: Config) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces parts of the configuration, as an edited file would. */
  change(parts: Partial<Config>): void {
    const previous = this.current;
    this.current = { ...previous, ...parts };
    for (const listener of this.#listeners) listener(this.current, previous);
  }
}

/** A password that no answer may contain. */
export const SECRET = "hunter2-very-secret";

/** A storage root in a temporary folder, with a configuration for it, and footage that tests create. */
export class StoreFixture {
  readonly root: string;
  readonly config: TestConfig;

  constructor(cameras: Record<string, Partial<CameraConfig>> = { "front-door": {}, "back_yard-2": {} }) {
    this.root = mkdtempSync(join(tmpdir(), "hindsight-api-"));
    const configured = Object.entries(cameras).map(([id, camera]) => [id, this.camera(id, camera)] as const);
    this.config = new TestConfig({
      storage: { root: this.root },
      cameras: new Map(configured),
      redis: { url: `redis://:${SECRET}@127.0.0.1:1/` },
      api: { host: "127.0.0.1", port: 0, maxMpeg1Streams: 2, allowedOrigins: [], hosts: [], trustedProxies: [] },
      health: { patienceMs: 1000, watchClock: true },
    } as unknown as Config);
  }

  camera(id: string, overrides: Partial<CameraConfig> = {}): CameraConfig {
    const url = `rtsp://admin:${SECRET}@192.0.2.1/${id}`;
    return { id, enabled: true, url, directory: join(this.root, id), transport: "tcp", ...overrides } as CameraConfig;
  }

  directory(camera: string): string {
    return this.config.current.cameras.get(camera)?.directory ?? join(this.root, camera);
  }

  /** Writes a minute's three files; the mp4 has `size` bytes, which differ by position. */
  minute(camera: string, minute: string, size = 5000, directory = this.directory(camera)): Buffer {
    const video = patternBytes(size, minute);
    this.write(minutePath(directory, camera, minute, "mp4"), video);
    this.write(minutePath(directory, camera, minute, "preview"), `preview of ${camera} ${minute}`);
    this.write(minutePath(directory, camera, minute, "thumbnail"), `thumbnail of ${camera} ${minute}`);
    return video;
  }

  chunk(camera: string, minute: string, part = 1, directory = this.directory(camera)): string {
    const path = chunkPath(directory, camera, minute, part);
    this.write(path, "chunk");
    return path;
  }

  quarantinedChunk(camera: string, minute: string): void {
    this.write(join(quarantineFolder(this.directory(camera)), `${camera}.${minute}.chunk`), "chunk");
  }

  /** Sets the modification time of a file or folder back. */
  age(path: string, seconds: number): void {
    const time = Date.now() / 1000 - seconds;
    utimesSync(path, time, time);
  }

  /** Sets the modification time of a day folder back, as if nothing had been written to it for a while. */
  settle(camera: string, minute: string): void {
    this.age(dayFolder(this.directory(camera), dayOf(minute)), 60);
  }

  write(path: string, content: string | Buffer): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function patternBytes(size: number, seed: string): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed.charCodeAt(i % seed.length)) & 0xff;
  return bytes;
}
