import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StoreFiles } from "../disk/store-files.ts";
import { createLogger } from "../logging/create-logger.ts";
import type { Surroundings } from "../process/surroundings.ts";
import { ConfigError } from "./config-error.ts";
import { LiveConfigFile } from "./live-config.ts";
import { findOpenSecrets } from "./readers.ts";
import { secretsIn } from "./secrets.ts";

const BAD = '{"api": {"port": "no"}}';
/** How long a busy machine may take. */
const LIMIT = { timeout: 20_000 };
const withPort = (port: number) => JSON.stringify({ api: { port } });

let folder: string;
let file: string;
let kept: string;
let env: NodeJS.ProcessEnv;
let log: string;
const opened: LiveConfigFile[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-last-good-"));
  await mkdir(join(folder, "config"));
  file = join(folder, "config", "nvr.json");
  kept = join(folder, "config", ".nvr.json.last-good");
  env = {};
  log = "";
  await writeFile(file, withPort(1001));
});

afterEach(async () => {
  stopAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }); // a copy may be being written
});

/** Opens and watches the file as a service does when it starts. */
async function start(): Promise<LiveConfigFile> {
  const surroundings: Surroundings = { env, cwd: folder };
  const live = await LiveConfigFile.open(new StoreFiles(), surroundings, { settleMs: 20, pollMs: 20 });
  opened.push(live);
  const output = new PassThrough();
  output.on("data", (data) => {
    log += data;
  });
  live.watch(createLogger({ service: "recorder", config: live, secrets: secretsIn(live), output }));
  return live;
}

function stopAll(): void {
  for (const live of opened.splice(0)) live.close();
}

async function put(text: string): Promise<void> {
  await writeFile(`${file}~`, text);
  await rename(`${file}~`, file);
}

const expectKept = (text: string, path = kept) =>
  vi.waitFor(async () => expect(await readFile(path, "utf8")).toBe(text), LIMIT);

test("what starts while the file is not valid goes on with the last good one, says so, and follows the file", async () => {
  await start();
  await expectKept(withPort(1001));
  await put(withPort(1002));
  await expectKept(withPort(1002));
  await put(BAD);
  stopAll();

  const live = await start();
  expect(live.current.api.port).toBe(1002);
  expect(live.problem).toContain("api.port");
  expect(log.match(/not valid/g)).toHaveLength(1);
  expect(log).toContain(`the last good one, kept in ${kept}, is in force: the configuration has a problem`);
  await expectKept(withPort(1002));

  await put(withPort(1003));
  await vi.waitFor(() => expect(live.current.api.port).toBe(1003), LIMIT);
  expect(live.problem).toBeUndefined();
  await expectKept(withPort(1003));
});

test("nobody else may read it: passwords stand in it", async () => {
  await start();
  await expectKept(withPort(1001));
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
});

test("a first start with a file that is not valid fails, and so does one whose environment is not valid", async () => {
  await put(BAD);
  await expect(start()).rejects.toThrow(ConfigError);
  await put(withPort(1001));
  await start();
  await expectKept(withPort(1001));
  env = { NVR_API_PORT: "no" };
  await expect(start()).rejects.toThrow(/environment variable NVR_API_PORT/);
});

test("a file that is gone stops no camera at the next start either; to run without it both must go", async () => {
  await start();
  await expectKept(withPort(1001));
  stopAll();
  await rm(file);
  const live = await start();
  expect(live.current.api.port).toBe(1001);
  expect(live.problem).toContain(`is gone: put it back; to run without it, delete ${kept} as well`);
  stopAll();
  await rm(kept);
  expect((await start()).problem).toBeUndefined();
});

test("where NVR_STORAGE_ROOT names the storage it is kept there: in a container the file's folder is read-only", async () => {
  env = { NVR_STORAGE_ROOT: "recordings" };
  await start();
  await expectKept(withPort(1001), join(folder, "recordings", ".nvr.json.last-good"));
  await expect(stat(kept)).rejects.toThrow("ENOENT");
  stopAll();
  await put(BAD);
  expect((await start()).current.api.port).toBe(1001);
});

test("several processes keep it at the same time", async () => {
  await Promise.all([start(), start(), start(), start()]);
  await put(withPort(1002));
  await expectKept(withPort(1002));
  expect(log).not.toContain("cannot be kept");
});

test("that it cannot be kept is told once, and it is kept as soon as it can be", async () => {
  env = { NVR_STORAGE_ROOT: "recordings" };
  await writeFile(join(folder, "recordings"), "");
  await start();
  await vi.waitFor(() => expect(log).toContain("cannot be kept as the last good one (ENOTDIR"), LIMIT);
  await rm(join(folder, "recordings"));
  await expectKept(withPort(1001), join(folder, "recordings", ".nvr.json.last-good"));
  expect(log.match(/cannot be kept/g)).toHaveLength(1);
});

const PASSWORDS: [string, object][] = [
  ["a camera's", { cameras: { a: { url: "rtsp://u:pw@127.0.0.1/" } } }],
  ["one in a camera's query", { cameras: { a: { url: "rtsp://127.0.0.1/?password=pw" } } }],
  ["that of Redis", { redis: { url: "redis://:pw@127.0.0.1:6379" } }],
  ["a webhook's address", { health: { webhookUrl: "https://alerts.example/hooks/T0123456789" } }],
];

test.each(PASSWORDS)("that every user may read %s password is told once", async (_whose, config) => {
  await chmod(folder, 0o755);
  await writeFile(file, JSON.stringify(config));
  await chmod(file, 0o644);
  const live = await start();
  await vi.waitFor(() => expect(log).toContain(`may read the passwords in ${file}: chmod o-rwx ${file}`), LIMIT);
  await put(JSON.stringify({ ...config, log: { level: "warn" } }));
  await vi.waitFor(() => expect(live.current.log.level).toBe("warn"), LIMIT);
  expect(log.match(/chmod/g)).toHaveLength(1);
});

test("nothing is told of a file without passwords, one that others may not read, or one in a closed folder", async () => {
  const text = JSON.stringify(PASSWORDS[0]?.[1]);
  await chmod(folder, 0o755);
  await chmod(file, 0o644);
  expect(await findOpenSecrets(file, text)).toContain("chmod");
  expect(await findOpenSecrets(file, withPort(1001))).toBeUndefined();
  await chmod(file, 0o640);
  expect(await findOpenSecrets(file, text)).toBeUndefined();
  await chmod(file, 0o644);
  await chmod(join(folder, "config"), 0o750);
  expect(await findOpenSecrets(file, text)).toBeUndefined();
});
