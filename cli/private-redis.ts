import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { makeFolders } from "../shared/disk/make-folders.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** Longer paths do not fit the address of a Unix socket (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 100;
const START_LIMIT_MS = 15_000;

/** The Redis server that `nvr up` keeps for itself when no REDIS_URL names another. */
export class PrivateRedis {
  /** What `redis.url` must say to use it. */
  readonly url: string;
  readonly #folder: string;
  readonly #process: SupervisedProcess;
  #isAdopted = false;
  #claim: Server | undefined;

  /** @param folder where its append-only file lives */
  constructor(folder: string, print: (line: string) => void) {
    this.#folder = resolve(folder);
    this.url = socketPath(this.#folder);
    this.#process = new SupervisedProcess(
      {
        name: "redis",
        command: "redis-server",
        args: ["-"],
        isHelper: true,
        input: configuration(this.#folder, this.url),
      },
      print,
    );
  }

  /**
   * Starts the server, or takes over one that an earlier run left behind. Throws when its folder cannot be written, when it
   * does not answer in time, and when another run is using it: the one that stops first would stop it for both.
   */
  async start(): Promise<void> {
    await makeWritable(this.#folder);
    this.#claim = await claim(this.#folder);
    this.#isAdopted = await this.#answers();
    if (this.#isAdopted) return;
    this.#process.start();
    const limit = Date.now() + START_LIMIT_MS;
    while (!(await this.#answers())) {
      if (Date.now() > limit) {
        await this.#process.stop(1000);
        throw new Error(`redis-server does not answer at ${this.url}: see its lines above`);
      }
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }

  /** Stops the server; its data is on disk when this resolves. */
  async stop(): Promise<void> {
    if (this.#isAdopted) {
      const redis = this.#connect();
      await redis.shutdown().catch(() => {}); // it answers by hanging up
      redis.disconnect();
    } else {
      await this.#process.stop(10_000);
    }
    this.#claim?.close();
  }

  async #answers(): Promise<boolean> {
    const redis = this.#connect();
    try {
      await redis.connect();
      return (await redis.ping()) === "PONG";
    } catch {
      return false;
    } finally {
      redis.disconnect();
    }
  }

  #connect(): Redis {
    const redis = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1000 });
    redis.on("error", () => {}); // the call that fails tells
    return redis;
  }
}

async function makeWritable(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new Error(
      `the folder of nvr's own Redis cannot be written (${(error as Error).message}): see who owns it and whether its disk ` +
        "is read-only, or name another Redis by REDIS_URL",
      { cause: error },
    );
  }
}

function socketPath(folder: string): string {
  const path = join(folder, "redis.sock");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  return join(tmpdir(), `hindsight-${shortHash(folder)}.sock`);
}

/** Only one process can have this name of a socket (abstract, see unix(7)); the kernel gives it back whenever that one ends. */
async function claim(folder: string): Promise<Server> {
  const server = createServer()
    .unref()
    .listen(`\0hindsight-${shortHash(folder)}`);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new Error("./nvr up runs here already: stop it first", { cause: error });
  }
  return server;
}

function shortHash(folder: string): string {
  return createHash("sha256").update(folder).digest("hex").slice(0, 16);
}

/** Read from standard input: a private socket, no TCP port, every write in the append-only file within a second. */
function configuration(folder: string, socket: string): string {
  const lines = [
    "port 0",
    `unixsocket ${JSON.stringify(socket)}`,
    "unixsocketperm 700",
    `dir ${JSON.stringify(folder)}`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "maxmemory-policy noeviction",
    "loglevel warning",
  ];
  return `${lines.join("\n")}\n`;
}
