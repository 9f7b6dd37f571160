import { execFile } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import express from "express";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { errorHandler } from "../http/errors.ts";
import { SendBuffers } from "../http/send-buffers.ts";
import { rangeArchiveRoutes } from "../routes/range-archive.ts";
import { ApiServer } from "../server.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import { HeldFile, OpenFileBudget } from "./held-file.ts";
import { HeldIndex } from "./held-index.ts";
import { archiveRanges } from "./range-archive.ts";
import { HeldMedia } from "./range-media.ts";
import { Ranges } from "./ranges.ts";
import { VirtualFile } from "./virtual-file.ts";

const files = new StoreFiles();

const run = promisify(execFile);
const FIRST = "20251124.1433";
const SECOND = "20251124.1434";
const RANGE = "start=2025-11-24T14:33:00.50Z&end=2025-11-24T14:34:01Z";

let store: StoreFixture;
let api: ApiFixture;

const file = (camera: string, minute: string) => minutePath(store.directory(camera), camera, minute, "mp4");
const url = (cameras: string, range = RANGE) => `/api/1/range.zip?camera_ids=${cameras}&${range}`;

beforeAll(async () => {
  const cameras = ["front-door", "yard", "porch", "empty", "other-codec", "damaged"];
  store = new StoreFixture(Object.fromEntries(cameras.map((id) => [id, {}])));
  for (const [i, camera] of ["front-door", "yard"].entries())
    for (const minute of [FIRST, SECOND])
      store.write(file(camera, minute), await realMinute(minute, { hue: i * 90, bFrames: i * 2 }));
  const h265 = await realMinute(FIRST);
  h265.write("hvc1", h265.lastIndexOf("avc1", h265.indexOf("avcC")), "latin1");
  store.write(file("other-codec", FIRST), h265);
  store.write(file("damaged", FIRST), "no mp4");
  api = await new ApiFixture(store).start();
});

afterAll(async () => {
  await api.stop();
  store.remove();
});

/** The files that Info-ZIP unpacks, by name. */
async function unzip(zip: Buffer): Promise<Map<string, Buffer>> {
  const path = join(store.root, "ranges.zip");
  writeFileSync(path, zip);
  await run("unzip", ["-tq", path]);
  const { stdout } = await run("unzip", ["-Z1", path]);
  const names = stdout.trim().split("\n");
  const options = { encoding: "buffer", maxBuffer: 2 ** 28 } as const;
  const contents = names.map(async (name) => [name, (await run("unzip", ["-p", path, name], options)).stdout] as const);
  return new Map(await Promise.all(contents));
}

describe("GET /api/1/range.zip", () => {
  it("holds for each camera the bytes that range.mp4 gives, as unzip finds, in as many bytes as it says", async () => {
    const answer = await api.get(url("front-door,yard", `${RANGE}&gaps=keep`));
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/zip"]);
    expect(answer.body.length).toBe(Number(answer.headers["content-length"]));
    expect(answer.headers["content-disposition"]).toBe(
      'attachment; filename="range.20251124T14330050Z.to.20251124T143401Z.zip"',
    );
    const unpacked = await unzip(answer.body);
    expect([...unpacked.keys()]).toEqual([
      "front-door.20251124.143300.to.20251124.143401.mp4",
      "yard.20251124.143300.to.20251124.143401.mp4",
    ]);
    for (const [name, bytes] of unpacked) {
      const alone = await api.get(`/api/1/camera/${name.split(".")[0]}/range.mp4?${RANGE}&gaps=keep`);
      expect(bytes.equals(alone.body), name).toBe(true);
    }
  });

  it("leaves out cameras without footage or with none that can be read, and names them in a text", async () => {
    const answer = await api.get(url("porch,front-door,damaged,empty"));
    expect(answer.body.length).toBe(Number(answer.headers["content-length"]));
    const unpacked = await unzip(answer.body);
    expect(unpacked.size).toBe(2);
    expect(`${unpacked.get("left-out.txt")}`).toBe(
      "No footage in this range: porch, empty\nFootage that cannot be read: damaged\n",
    );
  });

  it("takes as many pictures of all cameras together as of one at most", async () => {
    const routes = (mostPictures: number) =>
      rangeArchiveRoutes({ ...api.parts, ranges: new Ranges(api.parts), mostPictures });
    const ask = async (cameras: string, mostPictures: number) => {
      const server = new ApiServer(express().use(routes(mostPictures), errorHandler(api.parts.logger)));
      const port = await server.listen("127.0.0.1", 0);
      const answer = await fetch(`http://127.0.0.1:${port}${url(cameras)}`);
      await answer.arrayBuffer();
      await server.stop(0);
      return answer.status;
    };
    expect([await ask("front-door", 100), await ask("yard", 100)], "some 75 pictures each").toEqual([200, 200]);
    expect([await ask("front-door,yard", 200), await ask("front-door,yard", 100)]).toEqual([200, 400]);
  });

  it("takes the end of what is written where it is asked for more", async () => {
    const into = "start=2025-11-24T14:33:00.50Z&end=2099-01-01T00:00:00Z";
    const unpacked = await unzip((await api.get(url("yard", into))).body);
    const pinned = (await api.get(`/api/1/camera/yard/range.mp4?${into}`)).headers.location;
    const alone = await api.get(`/api/1/camera/yard/range.mp4${pinned}`);
    expect([...unpacked.values()][0]?.equals(alone.body)).toBe(true);
  });

  it("is sent to a client some times at once, and then 429, however long nothing is read; other clients get theirs", async () => {
    const ask = (localAddress: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        get(`${api.url}${url("yard")}`, { agent: false, localAddress }, (res) => resolve(res.resume())).on(
          "error",
          reject,
        );
      });
    const held = vi.spyOn(api.parts.ranges, "turn").mockImplementation(() => new Promise(() => {}));
    for (let i = 0; i < 4; i++) void ask("127.0.0.2").catch(() => {});
    await vi.waitFor(() => expect(held).toHaveBeenCalledTimes(4), 20_000);
    expect((await ask("127.0.0.2")).statusCode).toBe(429);
    held.mockRestore();
    expect((await ask("127.0.0.3")).statusCode).toBe(200);
  });

  it("tells its length to HEAD", async () => {
    const [head, whole] = [await api.get(url("yard"), {}, "HEAD"), await api.get(url("yard"))];
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, `${whole.body.length}`, 0]);
  });

  it.each([
    [url("nobody"), 404, "unknown-camera"],
    [url("empty,porch"), 404, "no-footage"],
    [url("empty,damaged"), 503, "unavailable"],
    [url("yard", "start=2025-11-24T14:33:00Z"), 400, "bad-request"],
    [url("yard", "start=2025-11-24T14:33:00Z&end=2025-11-24T14:32:00Z"), 400, "invalid-time"],
    [url("front-door,other-codec"), 409, "codec-change"],
  ])("%s is answered %i, %s", async (path, status, kind) => {
    const answer = await api.get(path);
    expect([answer.status, answer.json().type]).toEqual([status, `urn:hindsight:problem:${kind}`]);
  });
});

describe("a zip of which the client has gone", () => {
  it("lets go of what was read", async () => {
    const path = join(store.root, "media");
    const length = 40_000_000; // more than the zip's streams buffer before they are read
    writeFileSync(path, "");
    truncateSync(path, length);
    const budget = new OpenFileBudget(files, 1);
    const media = (await HeldFile.open(path, budget)) as HeldFile;
    const buffers = new SendBuffers(4 * 1024 * 1024);
    const entity = { length, etag: '"x"' };
    const pieces = [{ file: media, start: 0, length }];
    const whole = new VirtualFile(entity, new HeldIndex([]), new HeldMedia(pieces, [media]), buffers);
    const turn = { isWanted: false, end() {}, again: async () => [], kept: () => undefined };
    const leftOut = { withoutFootage: [], unreadable: [] };
    const { stream, stop } = archiveRanges([{ file: whole, fileName: "x.mp4", firstUs: 1e15, turn }], leftOut);
    await vi.waitFor(() => expect(stream.readableLength).toBeGreaterThan(1000));
    expect(buffers.bytes).toBeGreaterThan(0);
    await stop();
    expect(buffers.bytes).toBe(0);
    await whole.close();
  });
});
