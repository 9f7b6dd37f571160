import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { Problem } from "../http/problem.ts";
import { type FootageFile, parseFootageFile } from "./footage-file.ts";

function parsedOrRefused(name: string): FootageFile | undefined {
  try {
    return parseFootageFile(name);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return undefined;
  }
}

describe("parseFootageFile", () => {
  it("understands the original's names, with ids that hold - and _", () => {
    expect(parseFootageFile("front-door_2.preview.20261124.1433.jpg")).toEqual({
      camera: "front-door_2",
      minute: "20261124.1433",
      kind: "preview",
    });
    expect(parseFootageFile("a.thumbnail.20261124.1433.jpg")).toMatchObject({ kind: "thumbnail" });
    expect(parseFootageFile("a.preview.20261124.1433.mp4")).toMatchObject({ kind: "mp4" });
  });

  it("understands six-digit days as days of this century", () => {
    expect(parseFootageFile("a.preview.261124.1433.jpg")).toMatchObject({ minute: "20261124.1433" });
    expect(() => parseFootageFile("a.preview.260231.1433.jpg")).toThrow("no minute of the calendar");
  });

  it("refuses days and minutes that the calendar has not", () => {
    for (const minute of ["20260231.0000", "20261301.0000", "20261124.2400", "20261124.0060", "00000000.0000"]) {
      const kind = expect.objectContaining({ kind: "invalid-date", status: 400 });
      expect(() => parseFootageFile(`a.preview.${minute}.jpg`), minute).toThrow(kind);
    }
  });

  it("lets nothing through that could leave the camera's directory, whatever the name", () => {
    const nasty = fc.constantFrom(
      "..",
      "/",
      "\0",
      "%2e",
      ".",
      "\\",
      "a",
      "-",
      "20261124",
      "1433",
      "preview",
      "jpg",
      "mp4",
    );
    const names = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.array(nasty, { maxLength: 14 }).map((parts) => parts.join("")),
      fc.tuple(fc.string({ unit: "binary" }), fc.string()).map(([id, rest]) => `${id}.preview.20261124.1433.${rest}`),
      fc.string({ unit: "binary" }).map((id) => `${id}.preview.20261124.1433.jpg`),
    );
    fc.assert(
      fc.property(names, (name) => {
        const parsed = parsedOrRefused(name);
        if (parsed === undefined) return;
        expect(minutePath("/store/a", parsed.camera, parsed.minute, parsed.kind)).toMatch(
          /^\/store\/a\/\d{8}\/[A-Za-z0-9_-]{1,64}\.\d{8}\.\d{4}\.(mp4|preview\.jpg|thumbnail\.jpg)$/,
        );
      }),
      { numRuns: 2000 },
    );
  });
});
