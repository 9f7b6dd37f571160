import { once } from "node:events";
import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { rememberCameraDirectory } from "../../../shared/store/directories.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { SECRET, StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const files = new StoreFiles();

const MINUTE = "20261124.1433";
const MP4 = `/api/1/camera/front-door.preview.${MINUTE}.mp4`;
let store: StoreFixture;
let api: ApiFixture;
let video: Buffer;

beforeEach(async () => {
  store = new StoreFixture();
  video = store.minute("front-door", MINUTE, 3_000_000);
  api = await new ApiFixture(store).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

function fileOfHandle(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // closed meanwhile
  }
}

function expectProblem(reply: Awaited<ReturnType<ApiFixture["get"]>>, status: number, kind: string): void {
  expect(reply.headers["content-type"]).toBe("application/problem+json");
  expect(reply.json()).toMatchObject({ status, type: `urn:hindsight:problem:${kind}` });
  expect(Object.keys(reply.json())).toEqual(["type", "title", "status", "detail", "instance"]);
  expect(reply.status).toBe(status);
}

describe("a minute's files", () => {
  it("are served whole, with their types, tag, dates and a name to save them by", async () => {
    const mp4 = await api.get(MP4);
    expect(mp4.status).toBe(200);
    expect(mp4.body.equals(video)).toBe(true);
    expect(mp4.headers).toMatchObject({
      "content-type": "video/mp4",
      "content-length": "3000000",
      "accept-ranges": "bytes",
      "content-disposition": `inline; filename="front-door.${MINUTE}.mp4"`,
      "cache-control": "private, max-age=0, must-revalidate",
      etag: expect.stringMatching(/^"[a-z0-9-]+"$/),
      "last-modified": expect.stringMatching(/GMT$/),
    });
    const preview = await api.get(`/api/1/camera/front-door.preview.${MINUTE}.jpg`);
    expect(preview).toMatchObject({ status: 200, text: `preview of front-door ${MINUTE}` });
    expect(preview.headers["content-type"]).toBe("image/jpeg");
    const thumbnail = await api.get("/api/1/camera/front-door.thumbnail.261124.1433.jpg?download");
    expect(thumbnail.text).toBe(`thumbnail of front-door ${MINUTE}`);
    expect(thumbnail.headers["content-disposition"]).toBe(`attachment; filename="front-door.${MINUTE}.thumbnail.jpg"`);
  });

  it("are served in byte ranges that join to the whole, small and larger than one read", async () => {
    const bounds = [0, 1, 1000, 2_500_000, 3_000_000];
    const pieces: Buffer[] = [];
    for (let i = 1; i < bounds.length; i++) {
      const [start, end] = [bounds[i - 1] as number, bounds[i] as number];
      const part = await api.get(MP4, { Range: `bytes=${start}-${end - 1}` });
      expect(part.status).toBe(206);
      expect(part.headers["content-range"]).toBe(`bytes ${start}-${end - 1}/3000000`);
      pieces.push(part.body);
    }
    expect(Buffer.concat(pieces).equals(video)).toBe(true);
  });

  it("answer 416 with the length to a range past the end", async () => {
    const reply = await api.get(MP4, { Range: "bytes=3000000-" });
    expectProblem(reply, 416, "range-not-satisfiable");
    expect(reply.headers["content-range"]).toBe("bytes */3000000");
    expect(reply.headers.etag).toBeUndefined();
  });

  it("answer HEAD with the head of GET and no body", async () => {
    const [head, get] = [await api.get(MP4, {}, "HEAD"), await api.get(MP4)];
    expect(head.body.length).toBe(0);
    for (const name of ["content-length", "etag", "last-modified", "content-type"]) {
      expect(head.headers[name]).toBe(get.headers[name]);
    }
  });

  it("are not sent again while they are the same, and are as soon as a late part was merged in", async () => {
    const { etag } = (await api.get(MP4)).headers as { etag: string };
    const unchanged = await api.get(MP4, { "If-None-Match": etag });
    expect(unchanged).toMatchObject({ status: 304, text: "" });
    expect(unchanged.headers).toMatchObject({ etag, "cache-control": expect.stringContaining("private") });

    const path = minutePath(store.directory("front-door"), "front-door", MINUTE, "mp4");
    store.write(`${path}.new`, Buffer.alloc(3_000_000, 1));
    renameSync(`${path}.new`, path);
    const changed = await api.get(MP4, { "If-None-Match": etag });
    expect(changed.status).toBe(200);
    // The rest of the old file must not be appended to a part of the new one.
    const resumed = await api.get(MP4, { Range: "bytes=2999990-", "If-Range": etag });
    expect(resumed.status).toBe(200);
    expect(resumed.body.length).toBe(3_000_000);
    expectProblem(await api.get(MP4, { "If-Match": etag }), 412, "precondition-failed");
  });

  it("may be kept by the browser for a tenth of their age, for a day at most", async () => {
    const path = minutePath(store.directory("front-door"), "front-door", MINUTE, "thumbnail");
    const url = `/api/1/camera/front-door.thumbnail.${MINUTE}.jpg`;
    for (const [ageS, maxAge] of [
      [605, 60],
      [100 * 86_400, 86_400],
    ] as const) {
      store.age(path, ageS);
      expect((await api.get(url)).headers["cache-control"]).toBe(`private, max-age=${maxAge}, must-revalidate`);
    }
  });

  it("are never compressed on the way", async () => {
    expect((await api.get(MP4, { "Accept-Encoding": "gzip, br" })).headers["content-encoding"]).toBeUndefined();
  });

  it("go on to be sent when they are reaped in mid-download", async () => {
    const received = await new Promise<Buffer>((resolve) => {
      const pieces: Buffer[] = [];
      const socket = connect(api.port, "127.0.0.1", () => {
        socket.write(`GET ${MP4} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      });
      socket.once("data", () => {
        socket.pause();
        rmSync(store.directory("front-door"), { recursive: true });
        setTimeout(() => socket.resume(), 100);
      });
      socket.on("data", (piece) => pieces.push(piece));
      socket.on("close", () => resolve(Buffer.concat(pieces)));
    });
    expect(received.subarray(-video.length).equals(video)).toBe(true);
    expectProblem(await api.get(MP4), 404, "no-footage");
  });

  it("leave no file open behind them: sent whole, in part, or left by the client in the middle", async () => {
    const openFiles = () =>
      readdirSync("/proc/self/fd")
        .map(fileOfHandle)
        .filter((path) => path.startsWith(store.root));
    for (const headers of [{}, { Range: "bytes=0-2000000" }, { Range: "bytes=0-9" }, { Range: "bytes=9999999-" }]) {
      await api.get(MP4, headers as Record<string, string>);
    }
    await api.get(MP4, {}, "HEAD");
    await api.get(`${MP4}?download=1&download=2`);
    for (let i = 0; i < 3; i++) {
      const socket = connect(api.port, "127.0.0.1", () =>
        socket.write(`GET ${MP4} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
      );
      await once(socket, "readable");
      socket.destroy();
    }
    await vi.waitFor(() => expect(openFiles()).toEqual([]), 5000);
    expect(api.log).toEqual([]);
  });

  it("are found in a directory that the camera had before, and both copies of a minute during the move", async () => {
    const old = join(store.root, "old");
    await rememberCameraDirectory(files, store.root, { camera: "front-door", directory: old });
    const older = store.minute("front-door", "20261123.0000", 50, old);
    const second = store.minute("front-door", MINUTE, 60, old);
    expect((await api.get("/api/1/camera/front-door.preview.20261123.0000.mp4")).body.equals(older)).toBe(true);
    expect((await api.get(`${MP4}?copy=2`)).body.equals(second)).toBe(true);
    expect((await api.get(MP4)).body.equals(video)).toBe(true);
    expectProblem(await api.get(`${MP4}?copy=3`), 404, "no-footage");
    expectProblem(await api.get(`${MP4}?copy=x`), 400, "bad-request");
  });
});

describe("bad input", () => {
  it("gets the right status and a problem that says why", async () => {
    const cases: [string, number, string][] = [
      [`/api/1/camera/nobody.preview.${MINUTE}.jpg`, 404, "unknown-camera"],
      ["/api/1/camera/front-door.preview.20261124.1434.jpg", 404, "no-footage"],
      ["/api/1/camera/front-door.preview.20260231.1434.jpg", 400, "invalid-date"],
      ["/api/1/camera/front-door.thumbnail.20261124.2460.jpg", 400, "invalid-date"],
      ["/api/1/camera/front-door.sprites.20260231.14.jpg", 400, "invalid-date"],
      ["/api/1/camera/front-door.range.20260231.1434.to.20260301.0000.mp4", 400, "invalid-date"],
      ["/api/1/camera/front%20door.preview.20261124.1434.jpg", 400, "bad-request"],
      [`/api/1/camera/front-door.thumbnail.${MINUTE}.mp4`, 404, "no-such-resource"],
      ["/api/1/camera/front-door", 404, "no-such-resource"],
      [`/api/1/camera/%.preview.${MINUTE}.jpg`, 400, "bad-request"],
      [`${MP4}?download=1&download=2`, 400, "bad-request"],
      ["/nothing/here", 404, "no-such-resource"],
      ["/api/1/camera/..%2f..%2fetc%2fpasswd", 404, "no-such-resource"],
      [`/api/1/camera/%00.preview.${MINUTE}.jpg`, 400, "bad-request"],
    ];
    for (const [path, status, kind] of cases) {
      const reply = await api.get(path);
      expect(reply.status, path).toBe(status);
      expectProblem(reply, status, kind);
    }
  });

  it("gets 405 with Allow for methods that a resource does not have, and OPTIONS tells them", async () => {
    for (const path of [MP4, "/api/1/system.json", "/api/1/cameras.json", "/api/1/days", "/api/1/events", "/"]) {
      for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
        const reply = await api.get(path, {}, method);
        expectProblem(reply, 405, "method-not-allowed");
        expect(reply.headers.allow).toBe("GET, HEAD");
      }
      expect(await api.get(path, {}, "OPTIONS")).toMatchObject({ status: 204, headers: { allow: "GET, HEAD" } });
    }
  });

  it("does not follow symbolic links, and takes no directory or FIFO for a file", async () => {
    store.write(join(store.root, "outside.txt"), SECRET);
    const path = (minute: string) => minutePath(store.directory("front-door"), "front-door", minute, "preview");
    symlinkSync(join(store.root, "outside.txt"), path("20261124.1500"));
    mkdirSync(path("20261124.1501"));
    for (const minute of ["20261124.1500", "20261124.1501"]) {
      expectProblem(await api.get(`/api/1/camera/front-door.preview.${minute}.jpg`), 404, "no-footage");
    }
  });

  it("of any kind gets neither a 500 nor anything that lies outside the camera directories", async () => {
    store.write(join(store.root, "secret.mp4"), SECRET);
    store.write(join(store.root, "front-door", "secret.mp4"), SECRET);
    const piece = fc.constantFrom(
      ...[
        "..",
        "%2e%2e",
        "/",
        "%2f",
        "%5c",
        "\\",
        "%00",
        ".",
        "%",
        "?",
        "#",
        ";",
        "front-door",
        "secret.mp4",
        "minutes",
      ],
      ...[
        ".preview.",
        ".thumbnail.",
        "20261124",
        ".1433",
        ".mp4",
        ".jpg",
        "range",
        "é".normalize(),
        "%ff",
        "%F0%9F%98%80",
      ],
    );
    const path = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => `/api/1/camera/${pieces.join("")}`),
      fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`),
      fc.string({ unit: "binary-ascii", maxLength: 60 }).map((text) => `/api/1/camera/${encodeURIComponent(text)}`),
      fc.array(piece, { maxLength: 5 }).map((pieces) => `/api/1/cameras/${pieces.join("")}`),
    );
    await fc.assert(
      fc.asyncProperty(path, async (raw) => {
        const reply = await api.get(raw.replace(/[^\x21-\x7e]/g, (c) => encodeURIComponent(c)));
        expect(reply.text).not.toContain(SECRET);
        if (reply.status >= 500) expect(reply.text).toContain("The page is not built");
        if (reply.status >= 400 && reply.status < 500) {
          expect(reply.headers["content-type"]).toMatch(/^application\/problem\+json/);
          expect(reply.json().status).toBe(reply.status);
          expect(reply.text).not.toContain(store.root);
        }
      }),
      { numRuns: 600 },
    );
    expect(api.log.filter((line) => line.includes('"error"'))).toEqual([]);
  });

  it("that is no HTTP, or far too long, gets a problem too", async () => {
    expectRaw(await raw("nonsense\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    expectRaw(await raw(`GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`), "HTTP/1.1 431 ");
  });

  function expectRaw(answer: string, start: string): void {
    expect(answer.startsWith(start), answer.slice(0, 100)).toBe(true);
    expect(answer).toContain("Content-Type: application/problem+json");
  }

  function raw(text: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = "";
      const socket = connect(api.port, "127.0.0.1", () => socket.write(text));
      socket.on("data", (data) => {
        answer += data.toString();
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(answer));
    });
  }
});
