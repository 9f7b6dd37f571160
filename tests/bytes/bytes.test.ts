import { beforeAll, describe, expect, test } from "vitest";
import { openApiDocument } from "../../services/api/openapi/document.ts";
import { Contract } from "../../services/api/testing/contract.ts";
import { type Notes, readNotes, takeNotes } from "./notes.ts";
import { REQUESTS } from "./requests.ts";

/** Also noted, but requested separately, because its answer does not end. */
const EVENTS = "/api/1/events";

const noted = readNotes();
let found: Notes;
let withBFrames: Buffer;

beforeAll(async () => {
  found = await takeNotes((store) => {
    withBFrames = store.files().find(({ path }) => path.endsWith("yard.20251124.1431.mp4"))?.bytes as Buffer;
  });
});

/** A note as it is compared: as in the file, including the order of its members. */
const text = (notes: Notes, name: string) => JSON.stringify(notes[name], undefined, 2);

describe("the bytes of what is written and served are those that were noted (else, if it is meant: npm run bytes:update)", () => {
  test.each(Object.keys(noted))("%s", (name) => {
    expect(text(found, name)).toBe(text(noted, name));
  });

  test("nothing more", () => {
    expect(Object.keys(found).filter((name) => !(name in noted))).toEqual([]);
  });
});

describe("what is noted", () => {
  test("is of every endpoint", () => {
    const contract = new Contract();
    const asked = [...REQUESTS.values()].map(({ path }) => contract.match(path)?.path);
    const all = Object.keys(openApiDocument("1.2.3").paths ?? {});
    expect(all.filter((path) => !asked.includes(path))).toEqual([EVENTS]);
  });

  test("has negative composition offsets in it (ISO/IEC 14496-12 §8.6.1.3)", () => {
    const at = withBFrames.indexOf("ctts") + 4;
    const entries = withBFrames.readUInt32BE(at + 4);
    const offsets = Array.from({ length: entries }, (_, i) => withBFrames.readInt32BE(at + 8 + i * 8 + 4));
    expect([withBFrames[at], Math.min(...offsets) < 0]).toEqual([1, true]);
  });
});
