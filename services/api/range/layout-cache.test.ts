import { readdirSync, readFileSync, readlinkSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type OpenHead, StoreFiles } from "../../../shared/disk/store-files.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { atPace, makeClip, origin, writeChunk } from "../../../tests/support/chunk-maker.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture, type Reply } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import type { CachedLayout } from "./cached-layout.ts";
import { CachedMedia } from "./cached-media.ts";
import { HeldFile, OpenFileBudget } from "./held-file.ts";

// Counts the calls for the disk, and performs all of them.
const files = new StoreFiles();
const counted = {
  openHeads: vi.spyOn(files, "openHeads"),
  open: vi.spyOn(files, "open"),
  identitiesOf: vi.spyOn(files, "identitiesOf"),
};

/** Timeout, with room for a busy machine. */
const PATIENT = { timeout: 20_000 };
const CAMERA = "front-door";
const DAY = "20251124";
const MINUTES = [1433, 1434, 1435, 1436].map((minute) => `${DAY}.${minute}`);
const [FIRST, SECOND, THIRD, LAST] = MINUTES as [string, string, string, string];
/** The end of the last minute: each has two seconds. */
const PATH = `/api/1/camera/${CAMERA}/range.mp4?start=2025-11-24T14:33:00Z&end=2025-11-24T14:36:02Z`;
const secondsOf = (from: number) =>
  `/api/1/camera/${CAMERA}/range.mp4?start=2025-11-24T14:33:00.${from}Z&end=2025-11-24T14:36:02Z`;

let store: StoreFixture;
let api: ApiFixture;
const file = (minute: string) => minutePath(store.directory(CAMERA), CAMERA, minute, "mp4");

beforeEach(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  for (const [i, minute] of MINUTES.entries()) store.write(file(minute), await realMinute(minute, { hue: i * 20 }));
  store.settle(CAMERA, FIRST);
  api = await new ApiFixture(store, { files }).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

/** The calls for the disk that an answer made. */
async function asked<Result>(work: () => Promise<Result>) {
  for (const spy of Object.values(counted)) spy.mockClear();
  const result = await work();
  const [heads, opened, identities] = Object.values(counted).map((spy) => spy.mock.calls.length);
  const paths = counted.open.mock.calls.map(([path]) => path);
  return { result, heads, opened, identities, paths };
}

/** The same bytes from an api with an empty cache. */
async function fromFresh(path: string, headers: Record<string, string> = {}): Promise<Reply> {
  const fresh = await new ApiFixture(store, { files }).start();
  try {
    return await fresh.get(path, headers);
  } finally {
    await fresh.stop();
  }
}

/** Replaces a minute as the converter does, by renaming another file over it. */
async function replace(minute: string, hue: number): Promise<void> {
  writeFileSync(`${file(minute)}.new`, await realMinute(minute, { hue, frames: 40 }));
  renameSync(`${file(minute)}.new`, file(minute));
}

/** The last ten bytes of the third minute, which are those before the last minute's media. */
function seekInThird({ body }: Reply): { range: string; bytes: Buffer } {
  const third = readFileSync(file(THIRD));
  const end = body.indexOf(third.subarray(-200)) + 200;
  return { range: `bytes=${end - 10}-${end - 1}`, bytes: third.subarray(-10) };
}

function openFiles(): string[] {
  const linkOf = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  };
  return readdirSync("/proc/self/fd")
    .map(linkOf)
    .filter((path) => path.startsWith(store.root));
}

describe("a range that was laid out before", () => {
  it("is not laid out again for a seek: the one file is opened that the bytes lie in", async () => {
    const first = await asked(() => api.get(PATH));
    expect(first.heads).toBeGreaterThan(0);
    const { range, bytes } = seekInThird(first.result);
    const seek = await asked(() => api.get(PATH, { range }));
    expect(seek.result.status).toBe(206);
    expect(seek.result.body.equals(bytes)).toBe(true);
    expect([seek.heads, seek.identities, seek.paths]).toEqual([0, 0, [file(THIRD)]]);
    const whole = await asked(() => api.get(PATH));
    expect(whole.result.body.equals(first.result.body)).toBe(true);
    expect(whole.identities).toBe(0);
    const unchanged = await asked(() => api.get(PATH, { "if-none-match": `${first.result.headers.etag}` }));
    expect([unchanged.result.status, unchanged.heads, unchanged.opened]).toEqual([304, 0, 0]);
    await expect.poll(openFiles, PATIENT).toEqual([]);
  });

  it("is looked after by its files where the folder has just changed, whatever changed in it", async () => {
    const { body } = await api.get(PATH);
    store.write(file("20251124.1600"), await realMinute("20251124.1600"));
    await api.get(PATH); // footage now follows the range, which it did not before: laid out again
    store.write(`${file(FIRST)}.keep`, "");
    const { range, bytes } = seekInThird({ body } as Reply);
    const seek = await asked(() => api.get(PATH, { range }));
    expect(seek.result.body.equals(bytes)).toBe(true);
    expect([seek.heads, seek.identities, seek.paths]).toEqual([0, 1, [file(THIRD)]]);
  });

  it.each([
    ["was merged with a late part", true, () => replace(SECOND, 200)],
    ["was deleted", true, async () => unlinkSync(file(SECOND))],
    ["before it was added", false, async () => store.write(file(`${DAY}.1432`), await realMinute(`${DAY}.1432`))],
    ["has a part that is not merged yet", true, () => writePart(SECOND, 10)],
  ])("is laid out anew when a minute %s", async (_what, isOther, change) => {
    const before = await api.get(PATH);
    await change();
    const after = await asked(() => api.get(PATH));
    expect(after.heads).toBeGreaterThan(0);
    const fresh = await fromFresh(PATH);
    expect(after.result.body.equals(fresh.body)).toBe(true);
    expect(after.result.headers.etag).toBe(fresh.headers.etag);
    expect(after.result.headers.etag !== before.headers.etag).toBe(isOther);
  });

  it("gives no bytes of a file that was written over, though nothing in its folder tells of it", async () => {
    const before = await api.get(PATH);
    const { range } = seekInThird(before);
    writeFileSync(file(THIRD), await realMinute(THIRD, { hue: 250, frames: 80 }));
    const conditional = await api.get(PATH, { range, "if-range": `${before.headers.etag}` });
    const fresh = await fromFresh(PATH);
    expect([conditional.status, conditional.headers["content-range"]]).toEqual([200, undefined]);
    expect(conditional.body.equals(fresh.body)).toBe(true);
  });

  it("gives its tag back when what was deleted is there again, and is not found where all of it is gone", async () => {
    const before = await api.get(PATH);
    for (const minute of MINUTES) renameSync(file(minute), `${file(minute)}.away`);
    expect((await api.get(PATH)).status).toBe(404);
    for (const minute of MINUTES) renameSync(`${file(minute)}.away`, file(minute));
    expect((await api.get(PATH)).headers.etag).toBe(before.headers.etag);
  });

  it("is not kept while it has chunks, which grow, and has the same tag when they are mp4s", async () => {
    unlinkSync(file(LAST));
    await writePart(LAST);
    const before = await api.get(PATH);
    expect(before.status).toBe(200);
    expect(api.parts.ranges.kept.size).toBe(0);
    expect((await asked(() => api.get(PATH))).heads).toBeGreaterThan(0);
    store.write(file(LAST), await realMinute(LAST));
    unlinkSync(chunkPath(store.directory(CAMERA), CAMERA, LAST, 1));
    const after = await api.get(PATH);
    expect(after.headers.etag).toBe(before.headers.etag);
    expect(api.parts.ranges.kept.size).toBe(1);
  });

  it("is sent while the turns are taken: nothing is made of it", async () => {
    const before = await api.get(PATH);
    const request = { camera: CAMERA, startUs: 0, endUs: 3600e6, gaps: "skip" } as const;
    const { signal } = new AbortController();
    const clients = Array.from({ length: 8 }, (_, i) => `client ${i}`);
    const turns = await Promise.all(clients.map((client) => api.parts.ranges.turn(request, client, signal)));
    for (const turn of turns) await turn.begin();
    expect((await api.get(PATH)).body.equals(before.body)).toBe(true);
    for (const turn of turns) turn.end();
  });
});

async function writePart(minute: string, second = 0): Promise<void> {
  const startUs = Date.UTC(2025, 10, 24, 14, Number(minute.slice(-2)), second) * 1000;
  const units = atPace(await makeClip(), startUs);
  const path = chunkPath(store.directory(CAMERA), CAMERA, minute, 1);
  await writeChunk(path, { units, origin: origin("r"), openedUs: startUs, endUs: startUs + 2e6 });
}

describe("what is kept of ranges", () => {
  it("is bounded: of many, the least recently asked for goes", async () => {
    const keep = { indexBytes: 3000, layoutBytes: 10_000 };
    const small = await new ApiFixture(store, { files, keep }).start();
    const { kept } = small.parts.ranges;
    const headsOf = async (from: number) =>
      (await asked(() => small.get(secondsOf(from), { range: "bytes=-10" }))).heads;
    const etags = new Set<unknown>();
    for (let from = 10; from < 30; from++) {
      etags.add((await small.get(secondsOf(from))).headers.etag);
      expect(await headsOf(10), "it stays, being used").toBe(0);
      expect(kept.bytes).toBeLessThanOrEqual(keep.indexBytes + keep.layoutBytes);
    }
    expect(etags.size).toBeGreaterThan(1);
    expect(kept.size).toBe(2);
    expect([await headsOf(10), await headsOf(29)]).toEqual([0, 0]);
    expect(await headsOf(11)).toBeGreaterThan(0);
    await small.stop();
  });

  it("is where the media lie when the index is too large: a seek is answered, and the index made anew for who wants it", async () => {
    const small = await new ApiFixture(store, { files, keep: { indexBytes: 100, layoutBytes: 100_000 } }).start();
    const first = await small.get(PATH);
    const { range, bytes } = seekInThird(first);
    const seek = await asked(() => small.get(PATH, { range }));
    expect([seek.heads, seek.result.body.equals(bytes)]).toEqual([0, true]);
    expect(small.parts.ranges.kept.bytes).toBeLessThan(10_000);
    const whole = await asked(() => small.get(PATH));
    expect(whole.heads).toBeGreaterThan(0);
    expect(whole.result.body.equals(first.body)).toBe(true);
    await small.stop();
  });

  it("loses no index to one that is too large for all", async () => {
    const short = PATH.replace("14:36:02", "14:33:02");
    await api.get(PATH);
    const layout = (await api.parts.ranges.kept.find(requestOf())) as CachedLayout;
    const keep = { indexBytes: layout.facts.indexBytes - 1, layoutBytes: 100_000 };
    const small = await new ApiFixture(store, { files, keep }).start();
    for (const path of [short, PATH]) await small.get(path);
    expect((await asked(() => small.get(short))).heads).toBe(0);
    await small.stop();
  });

  it("takes some fifty bytes for a minute, and holds no file open", async () => {
    await api.get(PATH);
    const layout = (await api.parts.ranges.kept.find(requestOf())) as CachedLayout;
    expect(layout.bytes - 2048).toBeLessThanOrEqual(MINUTES.length * 60);
    await expect.poll(openFiles, PATIENT).toEqual([]);
  });
});

function requestOf() {
  const startUs = Date.UTC(2025, 10, 24, 14, 33) * 1000;
  return { camera: CAMERA, startUs, endUs: startUs + 182e6, gaps: "skip" } as const;
}

describe("a download of a range that was laid out before", () => {
  it("leaves no file open that is opened in advance while it is closed, having been sent", async () => {
    await api.get(PATH);
    await expect.poll(openFiles, PATIENT).toEqual([]);
    const layout = (await api.parts.ranges.kept.find(requestOf())) as CachedLayout;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const openHeads = files.openHeads.bind(files);
    counted.openHeads.mockImplementationOnce(async (...asked) => {
      await answered;
      return openHeads(...asked);
    });
    const media = new CachedMedia(layout, new OpenFileBudget(files, 10));
    for (const { piece } of media.pieces(0, Number.POSITIVE_INFINITY)) {
      await piece.file.handle();
      await piece.file.close();
      if (piece.file.path !== file(SECOND)) continue;
      answer(); // the files from the second one on are opened before the next piece is asked for
      await vi.waitFor(() => expect(openFiles()).toContain(file(LAST)), PATIENT);
    }
    await media.close();
    expect(openFiles()).toEqual([]);
  });

  it("goes on though its minutes are deleted, once its client has read of it; and lets go of all files", async () => {
    await api.get(PATH);
    await expect.poll(openFiles, PATIENT).toEqual([]);
    const layout = (await api.parts.ranges.kept.find(requestOf())) as CachedLayout;
    const budget = new OpenFileBudget(files, 10);
    const media = new CachedMedia(layout, budget);
    const pieces = media.pieces(0, Number.POSITIVE_INFINITY)[Symbol.iterator]();
    const first = pieces.next().value;
    await first.piece.file.handle();
    expect(openFiles(), "as long as nothing was taken").toEqual([file(FIRST)]);
    await first.piece.file.close();
    const second = pieces.next().value;
    await vi.waitFor(() => expect(openFiles()).toHaveLength(3), PATIENT);
    for (const minute of MINUTES) unlinkSync(file(minute));
    for (let next = second; next !== undefined; next = pieces.next().value) {
      expect((await (await next.piece.file.handle()).read(Buffer.alloc(9), 0, 9, next.piece.start)).bytesRead).toBe(9);
      if (next.isLast) await next.piece.file.close();
    }
    await media.close();
    expect(openFiles()).toEqual([]);
    expect(Array.from({ length: 9 }, () => budget.take()).filter(Boolean), "the budget is there again").toHaveLength(8);
  });

  it("holds no other file in the place of one that has changed", async () => {
    const budget = new OpenFileBudget(files, 10);
    const { ino, size, mtimeNs } = statSync(file(FIRST), { bigint: true });
    const held = HeldFile.closed(file(FIRST), { ino, size, mtimeNs }, budget);
    await replace(FIRST, 77);
    const { files: opened } = await files.openHeads(store.directory(CAMERA), [file(FIRST)], 0, new ArrayBuffer(0));
    await held.hold(opened[0] as OpenHead);
    expect(openFiles()).toEqual([]);
    await expect(held.handle()).rejects.toThrow("merged");
  });
});
