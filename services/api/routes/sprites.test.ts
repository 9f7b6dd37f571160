import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { rememberCameraDirectory } from "../../../shared/store/directories.ts";
import { minutePath, SPRITES_FOLDER, spriteSheetPath, temporaryName } from "../../../shared/store/names.ts";
import { minuteAt } from "../../../shared/time/minute.ts";
import { SECRET, StoreFixture } from "../../../tests/support/store-fixture.ts";
import { keyOfJpeg, withKey } from "../sprites/keyed-jpeg.ts";
import { SpriteSheets } from "../sprites/sprite-sheets.ts";
import { ApiFixture, type Reply } from "../testing/api-fixture.ts";

const files = new StoreFiles();

const HOUR = "20251124.14";
const SHEET = `/api/1/camera/front-door.sprites.${HOUR}.jpg`;
const RED = [220, 30, 30] as const;
const GREEN = [30, 200, 30] as const;
const DARK = [24, 24, 24] as const;
let store: StoreFixture;
let api: ApiFixture;

beforeEach(async () => {
  store = new StoreFixture();
  api = await new ApiFixture(store).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

type Colour = readonly [number, number, number];

async function picture([r, g, b]: Colour, width = 320, height = 180): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    .jpeg()
    .toBuffer();
}

async function thumbnail(minute: string, jpeg: Buffer | Colour, directory = store.directory("front-door")) {
  store.minute("front-door", minute, 100, directory);
  const content = Buffer.isBuffer(jpeg) ? jpeg : await picture(jpeg as Colour);
  store.write(minutePath(directory, "front-door", minute, "thumbnail"), content);
}

const sheetPath = (hour = HOUR) => spriteSheetPath(store.root, "front-door", hour);

/** The colours in the middle of a minute's cell and next to its four corners, by another decoder. */
async function cell(jpeg: Buffer, minute: number): Promise<Colour[]> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([2560, 864]);
  const [left, top] = [(minute % 10) * 256, Math.floor(minute / 10) * 144];
  const at = (x: number, y: number): Colour => {
    const place = ((top + y) * info.width + left + x) * info.channels;
    return [data[place] as number, data[place + 1] as number, data[place + 2] as number];
  };
  return [at(128, 72), at(1, 1), at(254, 1), at(1, 142), at(254, 142)];
}

async function expectCell(reply: Reply, minute: number, colour: Colour): Promise<void> {
  expect(reply.status).toBe(200);
  for (const found of await cell(reply.body, minute)) {
    for (const [i, value] of found.entries()) expect(Math.abs(value - (colour[i] as number))).toBeLessThan(12);
  }
}

describe("a sprite sheet", () => {
  it("shows each minute of the hour in its cell, and a dark cell where there is none", async () => {
    await thumbnail(`${HOUR}00`, RED);
    await thumbnail(`${HOUR}09`, GREEN);
    await thumbnail(`${HOUR}10`, RED);
    await thumbnail(`${HOUR}59`, GREEN);
    await thumbnail("20251124.1500", RED);
    const reply = await api.get(SHEET);
    for (const [minute, colour] of [
      [0, RED],
      [1, DARK],
      [9, GREEN],
      [10, RED],
      [11, DARK],
      [49, DARK],
      [59, GREEN],
    ] as const) {
      await expectCell(reply, minute, colour);
    }
    expect(reply.headers).toMatchObject({
      "content-type": "image/jpeg",
      "content-disposition": `inline; filename="front-door.${HOUR}.sprites.jpg"`,
      "content-length": String(reply.body.length),
    });
    expect(reply.headers["last-modified"]).toBeUndefined();
  });

  it("fits a picture of another shape whole into its cell", async () => {
    await thumbnail(`${HOUR}00`, await picture(RED, 320, 320));
    const [middle, ...corners] = await cell((await api.get(SHEET)).body, 0);
    expect(middle?.[0]).toBeGreaterThan(200);
    for (const corner of corners) expect(corner[0]).toBeLessThan(40);
  });

  it("shows the others when one thumbnail is damaged, grey or in another colour space, and does not follow links", async () => {
    await thumbnail(`${HOUR}00`, Buffer.from("no picture"));
    await thumbnail(
      `${HOUR}01`,
      await sharp(await picture(RED))
        .toColourspace("cmyk")
        .jpeg()
        .toBuffer(),
    );
    await thumbnail(
      `${HOUR}02`,
      await sharp(await picture([90, 90, 90]))
        .grayscale()
        .jpeg()
        .toBuffer(),
    );
    await thumbnail(`${HOUR}03`, GREEN);
    const link = minutePath(store.directory("front-door"), "front-door", `${HOUR}04`, "thumbnail");
    const secret = join(store.root, "secret.jpg");
    writeFileSync(secret, await picture(RED));
    symlinkSync(secret, link);
    const reply = await api.get(SHEET);
    await expectCell(reply, 0, DARK);
    expect((await cell(reply.body, 1))[0]?.[0]).toBeGreaterThan(150);
    await expectCell(reply, 2, [90, 90, 90]);
    await expectCell(reply, 3, GREEN);
    await expectCell(reply, 4, DARK);
    expect(api.log.filter((line) => line.includes("cannot be shown"))).toHaveLength(1);
  });

  it("is made once and then read from the disk, also by another api", async () => {
    await thumbnail(`${HOUR}00`, RED);
    const first = await api.get(SHEET);
    const inode = statSync(sheetPath()).ino;
    const other = await new ApiFixture(store).start();
    try {
      for (const each of [api, other]) {
        const again = await each.get(SHEET);
        expect(again.body.equals(first.body)).toBe(true);
        expect(again.headers.etag).toBe(first.headers.etag);
      }
    } finally {
      await other.stop();
    }
    expect(statSync(sheetPath()).ino).toBe(inode);
    expect(readFileSync(sheetPath()).equals(first.body)).toBe(true);
  });

  it("is another one when a minute comes, changes or goes; when the last has gone it goes, too", async () => {
    const tags = new Set<string | undefined>();
    const look = async () => {
      const reply = await api.get(SHEET);
      tags.add(reply.headers.etag);
      return reply;
    };
    await thumbnail(`${HOUR}00`, RED);
    await look();
    await thumbnail(`${HOUR}01`, RED);
    await expectCell(await look(), 1, RED);
    const path = minutePath(store.directory("front-door"), "front-door", `${HOUR}01`, "thumbnail");
    rmSync(path);
    store.write(path, await picture(GREEN));
    await expectCell(await look(), 1, GREEN);
    rmSync(path);
    await expectCell(await look(), 1, DARK);
    expect(tags.size).toBe(3); // the last equals the first, since the thumbnails are the same
    rmSync(join(store.directory("front-door"), "20251124"), { recursive: true });
    expect(await look()).toMatchObject({ status: 404 });
    expect(existsSync(join(store.root, SPRITES_FOLDER, "20251124"))).toBe(false);
  });

  it("may be kept for seconds while the hour goes on or a chunk waits, and long afterwards; 304 by its tag", async () => {
    const now = minuteAt(Date.now() * 1000);
    await thumbnail(now, RED);
    const underWay = await api.get(`/api/1/camera/front-door.sprites.${now.slice(0, 11)}.jpg`);
    expect(underWay.headers["cache-control"]).toBe("private, max-age=5, must-revalidate");
    await thumbnail(`${HOUR}00`, RED);
    const path = minutePath(store.directory("front-door"), "front-door", `${HOUR}00`, "thumbnail");
    store.age(path, 86_400);
    const finished = await api.get(SHEET);
    expect(finished.headers["cache-control"]).toMatch(/^private, max-age=86[34]\d, must-revalidate$/);
    expect(await api.get(SHEET, { "If-None-Match": finished.headers.etag as string })).toMatchObject({ status: 304 });
    expect(await api.get(SHEET, {}, "HEAD")).toMatchObject({ status: 200, headers: { etag: finished.headers.etag } });
    const part = await api.get(SHEET, { Range: "bytes=10-19" });
    expect(part.body.equals(finished.body.subarray(10, 20))).toBe(true);
    store.chunk("front-door", `${HOUR}01`);
    expect((await api.get(SHEET)).headers["cache-control"]).toBe("private, max-age=5, must-revalidate");
  });

  it("is drawn once for all who ask at the same time, also for the hour under way", async () => {
    for (let i = 10; i < 40; i++) await thumbnail(`${HOUR}${i}`, RED);
    const sheets = new SpriteSheets(api.parts);
    const which = { camera: "front-door", hour: HOUR };
    const all = await Promise.all(Array.from({ length: 20 }, () => sheets.get(which, "a")));
    expect(sheets.drawn).toBe(1);
    expect(new Set(all.map((sheet) => sheet?.jpeg)).size).toBe(1);
  });

  it("stays nowhere when a minute is deleted while it is drawn", async () => {
    for (let i = 10; i < 40; i++) await thumbnail(`${HOUR}${i}`, RED);
    const sheets = new SpriteSheets(api.parts);
    const work = sheets.get({ camera: "front-door", hour: HOUR }, "a");
    await vi.waitFor(() => expect(sheets.drawn).toBe(1), { interval: 1 });
    rmSync(minutePath(store.directory("front-door"), "front-door", `${HOUR}10`, "thumbnail"));
    expect(existsSync(sheetPath())).toBe(false);
    await work;
    expect(existsSync(sheetPath())).toBe(false);
  });

  it("comes whole out of two apis that draw it at the same time, and leaves nothing half written", async () => {
    for (let i = 10; i < 40; i++) await thumbnail(`${HOUR}${i}`, RED);
    const which = { camera: "front-door", hour: HOUR };
    const apis = Array.from({ length: 4 }, () => new SpriteSheets(api.parts));
    const all = await Promise.all(apis.map((sheets) => sheets.get(which, "a")));
    const digests = all.map((sheet) =>
      createHash("sha256")
        .update(sheet?.jpeg as Buffer)
        .digest("hex"),
    );
    expect(new Set(digests).size).toBe(1);
    expect(readdirSync(join(store.root, SPRITES_FOLDER, "20251124"))).toEqual([basename(sheetPath())]);
    expect(readFileSync(sheetPath()).equals(all[0]?.jpeg as Buffer)).toBe(true);
  });

  it("is never one that another version drew in another layout, of the very same thumbnails", async () => {
    await thumbnail(`${HOUR}00`, RED);
    const { headers, body } = await api.get(SHEET);
    const key = keyOfJpeg(body) as string;
    const foreign = withKey(await picture(GREEN, 2560, 864), key);
    rmSync(sheetPath());
    for (const name of [`front-door.${HOUR}.jpg`, `front-door.${HOUR}.v999.jpg`]) {
      writeFileSync(join(dirname(sheetPath()), name), foreign);
    }
    await expectCell(await api.get(SHEET), 0, RED);
    expect(headers.etag).toContain(key); // the key includes the layout, for browsers that have cached a sheet
    rmSync(minutePath(store.directory("front-door"), "front-door", `${HOUR}00`, "thumbnail"));
    expect(await api.get(SHEET)).toMatchObject({ status: 404 });
    expect(existsSync(dirname(sheetPath())), "sheets of what is gone, of any layout").toBe(false);
  });

  it("is made anew when the file on disk is cut short or somebody else's", async () => {
    await thumbnail(`${HOUR}00`, RED);
    const first = await api.get(SHEET);
    truncateSync(sheetPath(), 1000);
    expect((await api.get(SHEET)).body.equals(first.body)).toBe(true);
    writeFileSync(sheetPath(), await picture(GREEN));
    expect((await api.get(SHEET)).body.equals(first.body)).toBe(true);
  });

  it("is served all the same where it cannot be kept, and the log says so once", async () => {
    await thumbnail(`${HOUR}00`, RED);
    store.write(join(store.root, SPRITES_FOLDER), "a file stands in the way");
    for (let i = 0; i < 2; i++) await expectCell(await api.get(SHEET), 0, RED);
    expect(api.log.filter((line) => line.includes("sprite sheets cannot be kept"))).toHaveLength(1);
  });

  it("leaves the disk to the newer ones when all together take too much", async () => {
    const hours = Array.from({ length: 8 }, (_, i) => `20251124.1${i}`);
    await thumbnail("20251124.1000", RED);
    const probe = await new SpriteSheets(api.parts).get({ camera: "front-door", hour: "20251124.10" }, "a");
    const bytes = probe?.jpeg.length as number;
    const sheets = new SpriteSheets({ ...api.parts, maxBytes: bytes * 4.5 });
    const left = join(store.root, SPRITES_FOLDER, "20251124", temporaryName("x.jpg", "0123456789ab"));
    store.write(left, "left behind by a crash");
    store.age(left, 7200);
    for (const [i, hour] of hours.entries()) {
      await thumbnail(`${hour}00`, RED);
      await sheets.get({ camera: "front-door", hour }, "a");
      store.age(sheetPath(hour), 100 - i);
    }
    expect(existsSync(left)).toBe(false);
    const kept = hours.filter((hour) => existsSync(sheetPath(hour)));
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(kept.length).toBeLessThanOrEqual(4);
    expect(kept.at(-1)).toBe(hours.at(-1));
  });

  it("takes each thumbnail from the directory that has it, the configured one first", async () => {
    const old = join(store.root, "old disk", "front-door");
    await rememberCameraDirectory(files, store.root, { camera: "front-door", directory: old });
    await thumbnail(`${HOUR}00`, RED);
    await thumbnail(`${HOUR}00`, GREEN, old);
    await thumbnail(`${HOUR}01`, GREEN, old);
    const reply = await api.get(SHEET);
    await expectCell(reply, 0, RED);
    await expectCell(reply, 1, GREEN);
  });

  it("refuses what is no hour, no camera or has no footage", async () => {
    for (const [name, status] of [
      ["front-door.sprites.20260231.14.jpg", 400],
      ["front-door.sprites.20251124.24.jpg", 400],
      ["..%2f.sprites.20251124.14.jpg", 404],
      ["%00.sprites.20251124.14.jpg", 400],
      ["nobody.sprites.20251124.14.jpg", 404],
      ["front-door.sprites.20251124.14.jpg", 404],
      ["front-door.sprites.20251124.14.mp4", 404],
      ["front-door.sprites.20251124.1433.jpg", 404],
    ] as const) {
      const reply = await api.get(`/api/1/camera/${name}`);
      expect(reply, name).toMatchObject({ status, headers: { "content-type": "application/problem+json" } });
    }
    expect(await api.get(SHEET, {}, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    const names = fc.tuple(fc.string({ unit: "binary" }), fc.string(), fc.string());
    await fc.assert(
      fc.asyncProperty(names, async ([id, day, hour]) => {
        const name = encodeURIComponent(Buffer.from(`${id}.sprites.${day}.${hour}.jpg`).toString("utf8"));
        const reply = await api.get(`/api/1/camera/${name}`);
        expect([400, 404]).toContain(reply.status);
        expect(reply.text).not.toContain(SECRET);
      }),
      { numRuns: 200 },
    );
  });
});
