import { basename, dirname, relative, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minuteAt } from "../time/minute.ts";
import {
  CAMERA_ID_PATTERN,
  chunkPath,
  isDayFolder,
  minutePath,
  parseFootageName,
  parseSpriteSheetName,
  parseTemporaryName,
  quarantineFolder,
  spriteSheetPath,
  temporaryName,
} from "./names.ts";

const cameras = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const minutes = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) * 1000 }).map(minuteAt);
const directories = fc.constantFrom("/srv/nvr/yard", "/mnt/disk 2/yard", "./data/recordings/a.b");

describe("names of footage", () => {
  test("the names of design.md", () => {
    expect(chunkPath("/d", "yard", "20260228.2359", 1)).toBe("/d/20260228/yard.20260228.2359.chunk");
    expect(chunkPath("/d", "yard", "20260228.2359", 2)).toBe("/d/20260228/yard.20260228.2359.2.chunk");
    expect(minutePath("/d", "yard", "20260228.2359", "mp4")).toBe("/d/20260228/yard.20260228.2359.mp4");
    expect(minutePath("/d", "yard", "20260228.2359", "preview")).toBe("/d/20260228/yard.20260228.2359.preview.jpg");
    expect(minutePath("/d", "yard", "20260228.2359", "thumbnail")).toBe("/d/20260228/yard.20260228.2359.thumbnail.jpg");
    expect(quarantineFolder("/d")).toBe("/d/quarantine");
    expect(spriteSheetPath("/r", "yard", "20260228.23")).toBe("/r/.sprites/20260228/yard.20260228.23.v1.jpg");
  });

  test("a sprite sheet's name is parsed back, whichever version drew it", () => {
    const sheet = { camera: "yard", hour: "20260228.23" };
    expect(parseSpriteSheetName(basename(spriteSheetPath("/r", "yard", "20260228.23")))).toEqual(sheet);
    expect(parseSpriteSheetName("yard.20260228.23.jpg")).toEqual(sheet);
    expect(parseSpriteSheetName("yard.20260228.23.v12.jpg")).toEqual(sheet);
    for (const other of ["yard.20260228.2300.jpg", "yard.20260228.23.v.jpg", ".yard.20260228.23.v1.jpg.0.tmp"]) {
      expect(parseSpriteSheetName(other)).toBeUndefined();
    }
  });

  test("every name that is built is parsed back, and lies in its day's folder", () => {
    const kinds = fc.constantFrom("chunk" as const, "mp4" as const, "preview" as const, "thumbnail" as const);
    fc.assert(
      fc.property(
        directories,
        cameras,
        minutes,
        kinds,
        fc.integer({ min: 1, max: 10_000 }),
        (directory, camera, minute, kind, n) => {
          const part = kind === "chunk" ? n : 1;
          const path =
            kind === "chunk" ? chunkPath(directory, camera, minute, part) : minutePath(directory, camera, minute, kind);
          expect(parseFootageName(basename(path))).toEqual({ camera, minute, kind, part });
          expect(isDayFolder(basename(dirname(path)))).toBe(true);
          expect(resolve(dirname(dirname(path)))).toBe(resolve(directory));
        },
      ),
    );
  });

  test("names by which nothing was ever written are none of ours", () => {
    for (const name of [
      "yard.20260228.2359",
      "yard.20260228.2359.1.chunk",
      "yard.20260228.2359.02.chunk",
      "yard.20260228.2359.0.chunk",
      "yard.20260228.2359.2.mp4",
      "yard.20260228.2359.mp4.tmp",
      "yard.20260229.2359.mp4",
      "yard.20260228.2360.mp4",
      "ya.rd.20260228.2359.mp4",
      "yard.20260228.2359.preview.mp4",
      "yard.20260228.2359.mp4\n",
      ".yard.20260228.2359.mp4",
      "",
    ]) {
      expect(parseFootageName(name), name).toBeUndefined();
    }
  });

  test("whatever name is parsed leads to no path outside of its directory", () => {
    const pieces = fc.constantFrom(
      "yard",
      "..",
      "/",
      ".",
      "20260228",
      "2359",
      "mp4",
      "preview.jpg",
      "chunk",
      "2",
      "\0",
      "\\",
      "%2f",
    );
    const names = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 9 }).map((list) => list.join("")),
      fc.array(pieces).map((list) => list.join(".")),
    );
    fc.assert(
      fc.property(names, (name) => {
        const parsed = parseFootageName(name);
        if (parsed === undefined) return;
        expect(parsed.camera).toMatch(CAMERA_ID_PATTERN);
        const path =
          parsed.kind === "chunk"
            ? chunkPath("/srv/nvr", parsed.camera, parsed.minute, parsed.part)
            : minutePath("/srv/nvr", parsed.camera, parsed.minute, parsed.kind);
        expect(relative("/srv/nvr", path)).toBe(`${parsed.minute.slice(0, 8)}/${name}`);
      }),
      { numRuns: 2000 },
    );
  });

  test("temporary names hide, tell their final name, and are never taken for footage", () => {
    fc.assert(
      fc.property(cameras, minutes, fc.stringMatching(/^[0-9a-f]{12}$/), (camera, minute, random) => {
        const final = basename(minutePath("/d", camera, minute, "mp4"));
        const temporary = temporaryName(final, random);
        expect(temporary.startsWith(".")).toBe(true);
        expect(parseTemporaryName(temporary)).toBe(final);
        expect(parseFootageName(temporary)).toBeUndefined();
        expect(parseTemporaryName(final)).toBeUndefined();
      }),
    );
    for (const name of [
      ".x.tmp",
      "x.0123456789ab.tmp",
      ".x.0123456789AB.tmp",
      ".x.0123456789abc.tmp",
      ".0123456789ab.tmp",
    ]) {
      expect(parseTemporaryName(name), name).toBeUndefined();
    }
  });
});
