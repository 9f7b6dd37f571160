import { constants } from "node:fs";
import { access, lstat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { makeFolders } from "../shared/disk/make-folders.ts";
import type { StoreFiles } from "../shared/disk/store-files.ts";
import { FileLock, LockedError } from "./file-lock.ts";
import { findSocketFolder } from "./socket-folder.ts";
import { SupervisedProcess } from "./supervised-process.ts";

const SOCKET = "redis.sock";
const START_LIMIT_MS = 15_000;

/** The Redis server that `nvr up` runs itself when REDIS_URL does not name another. */
export class PrivateRedis {
  readonly #files: StoreFiles;
  readonly #folder: string;
  readonly #print: (line: string) => void;
  #url = "";
  #process: SupervisedProcess | undefined;
  #isAdopted = false;
  #claim: FileLock | undefined;

  /** @param folder contains its append-only file */
  constructor(files: StoreFiles, folder: string, print: (line: string) => void) {
    this.#files = files;
    this.#folder = resolve(folder);
    this.#print = print;
  }

  /** The value of `redis.url` to use it, once it is started. */
  get url(): string {
    return this.#url;
  }

  /**
   * Starts the server, or takes over one that an earlier run left behind. Throws when its folder cannot be written,
   * when it does not answer in time, or when another run is using it: the one that stops first would stop it for both.
   */
  async start(): Promise<void> {
    await makeWritable(this.#files, this.#folder);
    this.#claim = await claim(this.#folder);
    this.#url = join(await findSocketFolder(this.#folder, SOCKET), SOCKET);
    this.#isAdopted = await this.#answers();
    if (this.#isAdopted) return;
    const input = configuration(this.#folder, this.#url);
    const options = { name: "redis", command: "redis-server", args: ["-"], isHelper: true, input };
    const server = new SupervisedProcess(options, this.#print);
    this.#process = server;
    server.start();
    const limit = Date.now() + START_LIMIT_MS;
    while (!(await this.#answers())) {
      if (Date.now() > limit) {
        await server.stop(1000);
        throw new Error(`redis-server does not answer at ${this.url}: see its lines above`);
      }
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }

  /** Stops the server; its data is on disk when this resolves. */
  async stop(): Promise<void> {
    if (this.#isAdopted) {
      const redis = this.#connect();
      await redis.shutdown().catch(() => {}); // the server closes the connection instead of answering
      redis.disconnect();
    } else {
      await this.#process?.stop(10_000);
    }
    await this.#claim?.release();
  }

  /** Only a socket of this user counts: the cameras must not be revealed to another user. */
  async #answers(): Promise<boolean> {
    if ((await lstat(this.#url).catch(() => undefined))?.uid !== process.getuid?.()) return false;
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
    redis.on("error", () => {}); // the failing call reports it
    return redis;
  }
}

async function makeWritable(files: StoreFiles, folder: string): Promise<void> {
  try {
    await makeFolders(files, folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new Error(
      `the folder of nvr's own Redis cannot be written (${(error as Error).message}): see who owns it and whether its disk ` +
        "is read-only, or name another Redis by REDIS_URL",
      { cause: error },
    );
  }
}

async function claim(folder: string): Promise<FileLock> {
  try {
    return await FileLock.take(join(folder, "lock"));
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new Error("./nvr up runs here already: stop it first", { cause: error });
  }
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
