import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONVERSION_QUEUE } from "../../shared/queue/conversion-queue.ts";
import { minutePath } from "../../shared/store/names.ts";
import { makeClip } from "../../tests/support/chunk-maker.ts";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { StoreFixture } from "../../tests/support/store-fixture.ts";
import { boardRoutes } from "./routes/board.ts";
import { ApiFixture } from "./testing/api-fixture.ts";
import { realMinute } from "./testing/real-minute.ts";

const run = promisify(execFile);
const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "api.md"), "utf8");
const shellBlocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string);
const commands = shellBlocks.flatMap((block) => block.trim().split("\n"));

let server: TestRedis;
let redis: Redis;
let queue: Queue;
let store: StoreFixture;
let api: ApiFixture;
let folder: string;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = new Queue(CONVERSION_QUEUE, { connection: redis });
  store = new StoreFixture({ "front-door": {}, yard: {} });
  for (const minute of ["20261124.1433", "20261124.1434"]) {
    store.minute("front-door", minute);
    store.write(minutePath(store.directory("front-door"), "front-door", minute, "mp4"), await realMinute(minute));
  }
  store.minute("yard", "20261124.1434");
  api = await new ApiFixture(store, { board: boardRoutes(queue, () => redis.status === "ready") }).start();
  folder = mkdtempSync(join(tmpdir(), "hindsight-docs-"));
});
afterAll(async () => {
  await api.stop();
  await queue.close();
  redis.disconnect();
  await server.stop();
  store.remove();
  rmSync(folder, { recursive: true });
});

describe("docs/api.md", () => {
  it("has an example for every endpoint of its table", () => {
    const endpoints = [...text.matchAll(/^\| \[`(?:GET )?([^`]+)`\]/gm)].map(([, path]) => path as string);
    expect(endpoints.length).toBeGreaterThanOrEqual(10);
    for (const endpoint of endpoints) {
      const pattern = endpoint
        .replace("{id}", "front-door")
        .replace("{YYYYMMDD}", "20261124")
        .replace("{HHMM}", "1433")
        .replace("{HH}", "14")
        .replace("{YYYYMMDD}", "20261124")
        .replace("{HHMM}", "1434");
      expect(
        commands.some((command) => command.includes(pattern)),
        endpoint,
      ).toBe(true);
    }
  });

  it.each(commands)("%s does what is written", async (command) => {
    const [line, comment] = command.split("  # ") as [string, string | undefined];
    const here = line.replaceAll("http://127.0.0.1:8080", api.url).replace(/^curl /, "curl -sS -w '\\n%{http_code}' ");
    const args = ["-c", `${here} || test $? -eq 28`]; // 28: --max-time ended an endless stream
    const { stdout } = await run("sh", args, { cwd: folder });
    const status = Number(stdout.slice(-3));
    const resumed = line.includes("-C -");
    expect(status).toBe(comment !== undefined ? Number(comment) : resumed ? 416 : line.includes("-r ") ? 206 : 200);
  });

  it("gives a range that ffprobe reads without a word, with the frames of both minutes", async () => {
    const url = `${api.url}/api/1/camera/front-door.range.20261124.1433.to.20261124.1434.mp4`;
    const args = ["-v", "warning", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"];
    const frames = (await makeClip()).length * 2;
    expect(await run("ffprobe", [...args, url])).toEqual({ stdout: `${frames}\n`, stderr: "" });
  });

  it("has every endpoint in its table of caching, but for live pictures, and what is kept as another of the same kind is", () => {
    const endpoints = [...text.matchAll(/^\| \[`(?:GET )?([^`]+)`\]/gm)].map(([, path]) => path as string);
    const rows = [...text.slice(text.indexOf("| what | such as |")).matchAll(/^\| [^|`]+ \| `([^`?]+)[^`]*` \|/gm)];
    const listed = rows.map(([, path]) => path as string);
    const missing = endpoints.filter((endpoint) => {
      if (!endpoint.startsWith("/api/")) return false;
      const pattern = endpoint.split(/\{\w+\}/).map((part) => part.replaceAll(".", "\\."));
      return !listed.some((path) => new RegExp(`^${pattern.join("[\\w-]+")}$`).test(path));
    });
    expect(missing).toEqual([
      "/api/1/camera/{id}.preview.{YYYYMMDD}.{HHMM}.jpg", // tested by a thumbnail
      "/api/1/camera/{id}/range.mp4", // tested by a range by names
      "/api/1/camera/{id}/live",
    ]);
  });

  it("has its table of caching right", async () => {
    store.write(join(api.parts.pageFolder, "index.html"), `<!doctype html>${" ".repeat(2000)}`);
    store.write(join(api.parts.pageFolder, "assets", "main-B2x.js"), " ".repeat(2000));
    const table = text.slice(text.indexOf("| what | such as |")).split("\n\n", 1)[0] as string;
    const rows = table
      .split("\n")
      .slice(2)
      .map((row) => row.split("|").map((cell) => cell.trim().replaceAll("`", "")));
    expect(rows.length).toBeGreaterThan(10);
    for (const [, , path = "", caching, tag, dated, compressed] of rows) {
      // Only the head of the event stream.
      const { headers } = await api.get(path, { "Accept-Encoding": "gzip" }, path.endsWith("/events") ? "HEAD" : "GET");
      expect(headers["cache-control"]?.replace(/max-age=\d{1,5}(?!\d)/, "max-age=…"), path).toBe(caching);
      const kind = headers.etag === undefined ? "" : headers.etag.startsWith("W/") ? "weak" : "strong";
      expect([kind, headers["last-modified"] === undefined ? "" : "yes"], path).toEqual([tag, dated]);
      if (compressed === "") expect(headers["content-encoding"], path).toBeUndefined();
      else if (Number(headers["content-length"] ?? 1000) >= 1000)
        expect(headers["content-encoding"], path).toBe("gzip");
    }
  });

  it("shows the answers' members as they are", async () => {
    for (const [path, ...members] of [
      [
        "/api/1/system.json",
        "status",
        "camera",
        "health",
        "problems",
        "warnings",
        "notes",
        "cameras",
        "services",
        "disks",
        "backlog",
      ],
      ["/api/1/cameras/20261124", "min", "max", "camera_ids", "dates"],
    ] as [string, ...string[]][]) {
      expect(Object.keys((await api.get(path)).json().payload)).toEqual(members);
      for (const member of members) expect(text).toContain(`"${member}":`);
    }
  });
});
