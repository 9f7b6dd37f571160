import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadConfig, parseConfig } from "./load-config.ts";
import { configSecrets } from "./secrets.ts";

const parse = (value: unknown, env: NodeJS.ProcessEnv = {}) =>
  parseConfig(typeof value === "string" ? value : JSON.stringify(value), "nvr.json", { env, cwd: "/nvr" });

function problemsOf(value: unknown, env: NodeJS.ProcessEnv = {}): ConfigError {
  try {
    parse(value, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

test("storage root and cameras are enough: everything else has its default", () => {
  const config = parse({ storage: { root: "/footage" }, cameras: { yard: { url: "rtsp://192.0.2.11/h264" } } });
  expect(config.cameras.get("yard")).toEqual({
    id: "yard",
    enabled: true,
    url: "rtsp://192.0.2.11/h264",
    directory: "/footage/yard",
    transport: "tcp",
    tls: { verify: true },
    auth: "any",
    redirectHosts: [],
    connectTimeoutMs: 30_000,
    stallTimeoutMs: 5000,
    keyframeTimeoutMs: 300_000,
    retryMinMs: 1000,
    retryMaxMs: 30_000,
  });
  expect(config).toMatchObject({
    redis: { url: "redis://127.0.0.1:6379" },
    recorder: { readIntervalMs: 250, flushIntervalMs: 1000, syncIntervalMs: 5000, maxBufferBytes: 64 * 2 ** 20 },
    converter: {
      concurrency: 4,
      attempts: 5,
      retryDelayMs: 5000,
      sweepIntervalMs: 60_000,
      chunkIdleMs: 30_000,
      ffmpegPath: "ffmpeg",
      ffmpegTimeoutMs: 20_000,
      thumbnailWidth: 320,
    },
    api: { host: "127.0.0.1", port: 8080, maxMpeg1Streams: 4, allowedOrigins: [], hosts: [], trustedProxies: [] },
    health: {
      host: "127.0.0.1",
      hosts: [],
      recorderPort: 8081,
      converterPort: 8082,
      reaperPort: 8083,
      patienceMs: 15_000,
      watchClock: true,
    },
    log: { level: "info", format: "text" },
  });
});

test("mount points are a list of folders, from the environment with commas between; none by default", () => {
  expect(parse({}).storage.mountPoints).toEqual([]);
  expect(parse({ storage: { mountPoints: ["/mnt/a/", "b"] } }).storage.mountPoints).toEqual(["/mnt/a", "/nvr/b"]);
  expect(parse({}, { NVR_STORAGE_MOUNT_POINTS: "/mnt/a, /mnt/b" }).storage.mountPoints).toEqual(["/mnt/a", "/mnt/b"]);
  expect(problemsOf({ storage: { mountPoints: 5 } }).message).toContain("a list of folders");
  expect(problemsOf({ storage: { mountPoints: [""] } }).message).toContain("a list of folders");
});

test("a relative storage root and directory start at the working directory", () => {
  const config = parse({ cameras: { a: { url: "rtsp://h" }, b: { url: "rtsp://h", directory: "disk2/b" } } });
  expect(config.storage.root).toBe("/nvr/data/recordings");
  expect(config.cameras.get("a")?.directory).toBe("/nvr/data/recordings/a");
  expect(config.cameras.get("b")?.directory).toBe("/nvr/disk2/b");
});

test("a camera's timers are its own before those of the recorder stanza", () => {
  const config = parse({
    recorder: { stallTimeout: "8s", retryMax: 60000 },
    cameras: { a: { url: "rtsp://h", stallTimeout: "20 s" }, b: { url: "rtsp://h" } },
  });
  expect(config.cameras.get("a")).toMatchObject({ stallTimeoutMs: 20_000, retryMaxMs: 60_000 });
  expect(config.cameras.get("b")).toMatchObject({ stallTimeoutMs: 8000 });
});

test("an environment variable wins over the file; an empty one counts as not set", () => {
  const env = {
    NVR_API_PORT: "9000",
    REDIS_URL: "redis://redis:6379",
    NVR_RECORDER_MAX_BUFFER: "2MiB",
    NVR_LOG_LEVEL: "",
  };
  const config = parse({ api: { port: 8081 }, log: { level: "debug" } }, env);
  expect(config.api.port).toBe(9000);
  expect(config.redis.url).toBe("redis://redis:6379");
  expect(config.recorder.maxBufferBytes).toBe(2 ** 21);
  expect(config.log.level).toBe("debug");
});

test("NVR_CAMERAS holds the cameras as JSON", () => {
  const config = parse({ cameras: { a: { url: "rtsp://h" } } }, { NVR_CAMERAS: '{"b":{"url":"rtsp://h/b"}}' });
  expect([...config.cameras.keys()]).toEqual(["b"]);
  const error = problemsOf({}, { NVR_CAMERAS: '{"b":{"url":"rtsp://h","transport":"tpc"}}' });
  expect(error.problems).toMatchObject([{ key: "cameras.b.transport", place: "environment variable NVR_CAMERAS" }]);
});

test("without a reaper stanza there is no reaper, whatever the environment says of its keys", () => {
  const env = { NVR_REAPER_MIN_FREE_PERCENT: "20", NVR_REAPER_MAX_AGE_DAYS: "1", NVR_REAPER_DRY_RUN: "false" };
  expect(parse({}, env).reaper).toBeUndefined();
  expect(parse({ reaper: {} }).reaper).toEqual({
    minFreePercent: 10,
    minFreeBytes: 0,
    logDays: 90,
    intervalMs: 60_000,
    dryRun: false,
  });
  expect(parse({ reaper: {} }, env).reaper).toMatchObject({ minFreePercent: 20, maxAgeDays: 1 });
  expect(parse({}, { NVR_REAPER: '{"maxAgeDays":30}' }).reaper).toMatchObject({ minFreePercent: 10, maxAgeDays: 30 });
});

test("what would delete everything is refused: an age of no days, a whole disk free, a stanza that is no object", () => {
  for (const reaper of [{ maxAgeDays: 0 }, { maxAgeDays: -1 }, { minFreePercent: 100 }, null, false, true, []]) {
    expect(problemsOf({ reaper }).problems, JSON.stringify(reaper)).toHaveLength(1);
  }
});

test("every problem is listed, with its key, its value, what was expected and where it stands", () => {
  const text = `{
  // comments are welcome
  "recoder": {},
  "api": { "port": "99999", },
  "cameras": {
    "front-door": { "url": "rtsp://h", "transport": "tpc" },
    "back.door": { "url": "rtsp://h" }
  },
}`;
  const error = problemsOf(text, { NVR_CONVERTER_ATTEMPTS: "many" });
  expect(error.message.split("\n").slice(0, -1)).toEqual([
    "the configuration has 5 problems:",
    '  recoder (nvr.json:3:3): there is no such key: did you mean "recorder"?',
    '  converter.attempts = "many" (environment variable NVR_CONVERTER_ATTEMPTS): expected a whole number between 1 and 100',
    "  api.port = 99999 (nvr.json:4:12): expected a whole number between 0 and 65535",
    '  cameras.front-door.transport = "tpc" (nvr.json:6:40): expected one of "tcp", "udp"',
    "  cameras.back.door (nvr.json:7:5): expected a camera id of 1 to 64 letters, digits, _ and -",
  ]);
});

test("unknown keys are refused at every depth", () => {
  for (const value of [
    { x: 1 },
    { storage: { roots: "/" } },
    { cameras: { a: { url: "rtsp://h", uri: "x" } } },
    { reaper: { minFreePercents: 1 } },
  ]) {
    expect(problemsOf(value).problems).toMatchObject([{ expected: expect.stringContaining("there is no such key") }]);
  }
  expect(problemsOf('{"__proto__": {"log": {"level": "debug"}}}').problems).toMatchObject([{ key: "__proto__" }]);
  expect(problemsOf('{"constructor": {"prototype": {}}}').problems).toMatchObject([{ key: "constructor" }]);
});

test("a path that no file could have is refused, and told by its beginning", () => {
  const root = (path: string) => ({ storage: { root: path } });
  expect(parse(root(`/${"x".repeat(255)}/${"é".repeat(127)}`)).storage.root).toHaveLength(384);
  expect(parse(root("/x".repeat(2000))).storage.root).toHaveLength(4000);
  for (const path of [`/${"x".repeat(256)}`, "é".repeat(128), "/x".repeat(2001)]) {
    const [problem] = problemsOf(root(path)).problems;
    expect(problem).toMatchObject({ key: "storage.root", expected: expect.stringContaining("255 bytes") });
    expect(problem?.value?.length).toBeLessThan(110);
    expect(problem?.value).toContain(path.slice(0, 90));
  }
});

test("the same key twice is refused: one of two cameras under one id would vanish", () => {
  const error = problemsOf('{"cameras": {"a": {"url": "rtsp://x"}, "a": {"url": "rtsp://y"}}}');
  expect(error.problems).toMatchObject([{ key: "cameras.a", place: "nvr.json:1:40" }]);
});

test("camera ids that differ in case only are refused, two cameras in one directory are not", () => {
  const url = "rtsp://h";
  expect(problemsOf({ cameras: { Yard: { url }, yard: { url } } }).problems).toMatchObject([{ key: "cameras.yard" }]);
  expect(parse({ cameras: { a: { url, directory: "/d" }, b: { url, directory: "/d" } } }).cameras.size).toBe(2);
});

test("a syntax error is told with line and column, an empty file is refused", () => {
  expect(problemsOf('{\n  "api": { "port" 8080 }\n}').message).toContain("nvr.json:2:19");
  expect(problemsOf("").problems).toHaveLength(1);
  expect(problemsOf("[]").problems).toMatchObject([{ expected: "expected an object: { … }" }]);
});

test("a value of the wrong kind is refused, never bent into another one", () => {
  const wrong: [string, string, unknown][] = [
    ["api", "port", "80a"],
    ["api", "port", 80.5],
    ["converter", "concurrency", null],
    ["recorder", "stallTimeout", "5 parsecs"],
    ["recorder", "stallTimeout", { s: 5 }],
    ["recorder", "maxBuffer", "64M"],
    ["log", "level", ["info"]],
    ["storage", "root", 7],
    ["storage", "root", ""],
  ];
  for (const [stanza, key, value] of wrong) {
    expect(problemsOf({ [stanza]: { [key]: value } }).problems, `${stanza}.${key}`).toMatchObject([
      { key: `${stanza}.${key}` },
    ]);
  }
  expect(problemsOf({ reaper: { dryRun: "yes" } }).problems).toMatchObject([{ key: "reaper.dryRun", value: '"yes"' }]);
  expect(problemsOf({ recorder: 5 }).problems).toMatchObject([{ key: "recorder", value: "5" }]);
  expect(problemsOf({ recorder: { retryMin: "1min" } }).problems).toMatchObject([{ key: "recorder.retryMax" }]);
});

test("RTSP URLs are taken with every password there is, and refused without a host", () => {
  const accepted = [
    "rtsp://h",
    "rtsps://u:p@h:322/x?y=1",
    "rtsp://u:p@ss@192.0.2.1:554/s",
    "rtsp://u:p/ss@192.0.2.1:554/s",
    "rtsp://u:p%40ss%2Fw#rd@192.0.2.1:554/s",
    "rtsp://192.0.2.1:554/user=admin&password=p@ss=1.sdp",
    "rtsp://h/live?user=a@b",
    "rtsp://[2001:db8::1]:554/a",
    "rtsp://u:p@[fe80::1%eth0]:554/a",
    "rtsp://[fe80::1%25enp3s0.2]/a",
    "RTSP://h/",
  ];
  for (const url of accepted) expect(parse({ cameras: { a: { url } } }).cameras.get("a")?.url, url).toBe(url);
  for (const url of [
    "",
    "h",
    "http://h/",
    "rtsp://",
    "rtsp:///path",
    "rtsp://h:0/",
    "rtsp://h:99999/",
    "rtsp://h/a b",
    "rtsp://h/\n",
    5,
  ]) {
    expect(problemsOf({ cameras: { a: { url } } }).problems, String(url)).toMatchObject([{ key: "cameras.a.url" }]);
  }
});

test("hosts that may have a camera's password are names and addresses, with a port or without", () => {
  const url = "rtsp://h";
  const hosts = ["192.0.2.11", "nvr.example:8554", "2001:db8::1", "[2001:db8::1]:554", "[::1]"];
  expect(parse({ cameras: { a: { url, redirectHosts: hosts } } }).cameras.get("a")?.redirectHosts).toEqual(hosts);
  for (const host of ["", "rtsp://h", "h:0", "h:99999", "h/a", "u@h", "[h]:1", "*", 5]) {
    expect(problemsOf({ cameras: { a: { url, redirectHosts: [host] } } }).problems).toMatchObject([
      { key: "cameras.a.redirectHosts" },
    ]);
  }
  expect(problemsOf({ cameras: { a: { url, auth: "basic" } } }).problems).toMatchObject([{ key: "cameras.a.auth" }]);
});

test("an RTSP URL whose password can be read in two ways is refused, with how to write it", () => {
  for (const url of ["rtsp://u:p@ss/w0rd@192.0.2.1:554/s", "rtsp://u:12/34@192.0.2.1/s", "rtsp://u:p@h?x@[::1]"]) {
    const { problems } = problemsOf({ cameras: { a: { url } } });
    expect(problems, url).toMatchObject([{ key: "cameras.a.url", value: "(hidden)" }]);
    expect(problems[0]?.expected).toContain("%40");
  }
});

test("how a camera's certificate is judged: by fingerprint, by an authority's file, by the known ones, or not", () => {
  const url = "rtsps://192.0.2.1/a";
  const tlsOf = (tls: object) => parse({ cameras: { a: { url, tls } } }).cameras.get("a")?.tls;
  const fingerprint = `${"A1:".repeat(31)}b2`;
  expect(tlsOf({})).toEqual({ verify: true });
  expect(tlsOf({ verify: false })).toEqual({ verify: false });
  expect(tlsOf({ fingerprint, ca: "/etc/ca.pem" })).toEqual({ verify: true, fingerprint, ca: "/etc/ca.pem" });
  expect(tlsOf({ fingerprint: "0".repeat(64) })?.fingerprint).toBe("0".repeat(64));
  for (const wrong of [{ fingerprint: "a1b2" }, { fingerprint: 5 }, { verify: "no" }, { ca: "" }, { pin: fingerprint }])
    expect(problemsOf({ cameras: { a: { url, tls: wrong } } }).problems).toHaveLength(1);
});

test("a webhook is an http or https URL, and a secret", () => {
  const url = "https://hooks.example/T0123456789/very-secret?token=abcdef";
  const config = parse({ health: { webhookUrl: url, patience: "1min" } });
  expect(config.health).toMatchObject({ webhookUrl: url, patienceMs: 60_000 });
  const secrets = [...configSecrets(config)];
  expect(secrets).toEqual(expect.arrayContaining(["/T0123456789/very-secret?token=abcdef", "abcdef"]));
  expect([...configSecrets(parse({ health: { webhookUrl: "http://127.0.0.1/hook" } }))]).toEqual([]);
  for (const webhookUrl of [
    "",
    "hooks.example/very-secret",
    "ftp://hooks.example/very-secret",
    "http://",
    "http://a b",
    5,
  ]) {
    const refusal = problemsOf({ health: { webhookUrl } }).message;
    expect(refusal).toContain("health.webhookUrl");
    expect(refusal).not.toContain("very-secret");
  }
});

test("no secret is in an error, wherever in the configuration it was put (promise 5)", () => {
  const secret = "hunter2-very-secret";
  const places = [
    { cameras: { a: { url: `http://admin:${secret}@192.0.2.1/` } } },
    { cameras: { a: { url: "rtsp://h", password: secret } } },
    { cameras: { a: `rtsp://admin:${secret}@192.0.2.1/` } },
    { cameras: `rtsp://admin:${secret}@192.0.2.1/` },
    { redis: { url: `redis//:${secret}@h` } },
    { redis: `redis://:${secret}@h` },
    { storage: { root: 5 }, log: { level: `rtsp://u:${secret}@h` } },
  ];
  for (const value of places) expect(problemsOf(value).message, JSON.stringify(value)).not.toContain(secret);
  const env = { REDIS_URL: `:${secret}@redis`, NVR_CAMERAS: `{"a":{"url":"http://u:${secret}@h"}}` };
  expect(problemsOf({}, env).message).not.toContain(secret);
  expect(problemsOf({}, { NVR_CAMERAS: `{"a": rtsp://u:${secret}@h}` }).message).not.toContain(secret);
});

test("any JSON at all is a configuration or a ConfigError", () => {
  const names = fc.constantFrom(
    "storage",
    "root",
    "cameras",
    "a",
    "url",
    "reaper",
    "recorder",
    "api",
    "port",
    "__proto__",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom("rtsp://h", "5s"),
      fc.dictionary(fc.oneof(names, fc.string()), tie("tree"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(fc.oneof(tree, fc.string()), (value) => {
      try {
        parse(value);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
});

test("an object in the place of a value is told, whatever is in it", () => {
  expect(() => parse({ api: { port: { "": {} } } })).toThrow(/api\.port = .*expected a whole number/);
});

test("a missing file is fine under the default name only", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "hindsight-config-"));
  expect((await loadConfig({ env: {}, cwd })).cameras.size).toBe(0);
  await expect(loadConfig({ env: { NVR_CONFIG: "other.json" }, cwd })).rejects.toThrow(/other\.json.*ENOENT/);
  await writeFile(join(cwd, "other.json"), '{"cameras": {"a": {"url": "rtsp://h"}}}');
  expect((await loadConfig({ env: { NVR_CONFIG: "other.json" }, cwd })).cameras.size).toBe(1);
});

test("the template config/nvr.example.json is valid", async () => {
  const text = await readFile(new URL("../../config/nvr.example.json", import.meta.url), "utf8");
  const config = parse(text);
  expect(config.cameras.get("yard")).toMatchObject({ enabled: false, directory: "/mnt/disk2/yard", transport: "udp" });
  expect(config.reaper).toMatchObject({ minFreePercent: 10, maxAgeDays: 30 });
});

test("api.allowedOrigins takes origins as browsers send them, as a list or with commas between", () => {
  const origins = ["https://wall.example", "http://127.0.0.1:3000"];
  expect(parse({ api: { allowedOrigins: origins } }).api.allowedOrigins).toEqual(origins);
  expect(parse({ api: { allowedOrigins: ["*"] } }).api.allowedOrigins).toEqual(["*"]);
  for (const wrong of [
    "https://wall.example/",
    "wall.example",
    "https://wall.example/page",
    "null",
    "ftp://a.example",
    1,
  ]) {
    expect(problemsOf({ api: { allowedOrigins: [wrong] } }).message).toContain("api.allowedOrigins");
  }
  expect(parse({ api: { allowedOrigins: origins.join(", ") } }).api.allowedOrigins).toEqual(origins);
});

test("api.hosts and health.hosts take names and addresses with or without a port", () => {
  const hosts = ["nvr.example", "NVR.example:8443", "192.0.2.10", "2001:db8::1", "[2001:db8::1]:8080", "küche.example"];
  expect(parse({ api: { hosts } }).api.hosts).toEqual(hosts);
  expect(parse({}, { NVR_API_HOSTS: "nvr.example, api" }).api.hosts).toEqual(["nvr.example", "api"]);
  expect(parse({}, { NVR_HEALTH_HOSTS: "recorder" }).health.hosts).toEqual(["recorder"]);
  for (const wrong of [
    "https://nvr.example",
    "nvr.example/",
    "*",
    "a b",
    "user@nvr.example",
    "nvr.example:99999",
    "",
    5,
  ]) {
    expect(problemsOf({ api: { hosts: [wrong] } }).message, String(wrong)).toMatch(/api\.hosts.*list of host names/);
  }
  expect(problemsOf({ health: { hosts: "http://recorder" } }).message).toContain("health.hosts");
});

test("api.trustedProxies takes addresses and networks", () => {
  const trustedProxies = ["127.0.0.1", "::1", "172.16.0.0/12", "2001:db8::/32", "::ffff:192.0.2.1"];
  expect(parse({ api: { trustedProxies } }).api.trustedProxies).toEqual(trustedProxies);
  expect(parse({}, { NVR_API_TRUSTED_PROXIES: "127.0.0.1, ::1" }).api.trustedProxies).toEqual(["127.0.0.1", "::1"]);
  for (const wrong of ["nginx", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0", "10.0.0.1:80", "", 5, true]) {
    expect(problemsOf({ api: { trustedProxies: [wrong] } }).message, String(wrong)).toMatch(/api\.trustedProxies/);
  }
});
