import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fleet } from "../../support/fleet.ts";
import { startRedis, type TestRedis } from "../../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../../support/simulator.ts";

const run = promisify(execFile);
/** recorder.diskReserve; the disk has 64 MiB in total. */
const RESERVE_BYTES = 12 * 2 ** 20;

/** A fleet with one camera, "yard", whose storage is a small disk of its own. Needs root. */
export class SmallDiskFleet {
  readonly fleet: Fleet;
  readonly simulator: RunningSimulator;
  readonly #redis: TestRedis;
  readonly #folder: string;

  private constructor(parts: { fleet: Fleet; simulator: RunningSimulator; redis: TestRedis; folder: string }) {
    this.fleet = parts.fleet;
    this.simulator = parts.simulator;
    this.#redis = parts.redis;
    this.#folder = parts.folder;
  }

  /** `config` is merged with what the camera and the disk need. */
  static async prepare(
    clip: Record<string, unknown>,
    config: Record<string, unknown>,
    environment: Record<string, string> = {},
  ): Promise<SmallDiskFleet> {
    const folder = await mkdtemp(join(tmpdir(), "hindsight-small-disk-"));
    const redis = await startRedis();
    const simulator = await startSimulator({ cameras: [{ id: "yard", clip }] });
    const fleet = await Fleet.prepare({
      folder,
      redisUrl: redis.url,
      config: {
        cameras: { yard: { url: simulator.url("yard") } },
        recorder: { diskReserve: RESERVE_BYTES },
        ...config,
      },
      environment,
    });
    await mkdir(fleet.storageRoot);
    await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", fleet.storageRoot]);
    return new SmallDiskFleet({ fleet, simulator, redis, folder });
  }

  /** The camera's directory. */
  get directory(): string {
    return join(this.fleet.storageRoot, "yard");
  }

  /** Fills the disk until its free space is `bytesBelowReserve` less than the reserve. */
  async fill(bytesBelowReserve: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.fleet.storageRoot);
    await writeFile(this.#filler, Buffer.alloc(bavail * bsize - RESERVE_BYTES + bytesBelowReserve));
  }

  async makeRoom(): Promise<void> {
    await rm(this.#filler);
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.simulator.remove();
    await this.#redis.stop();
    await run("umount", ["--lazy", this.fleet.storageRoot]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #filler(): string {
    return join(this.fleet.storageRoot, "filler");
  }
}
