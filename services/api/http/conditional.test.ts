import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideAnswer, type Entity, parseRange } from "./conditional.ts";

const entity: Entity = { length: 1000, etag: '"abc"', lastModifiedMs: Date.parse("2026-11-24T14:33:10.900Z") };
const date = "Tue, 24 Nov 2026 14:33:10 GMT";
const earlier = "Tue, 24 Nov 2026 14:33:09 GMT";
const whole = { status: 200, start: 0, end: 1000 };
const get = (headers: Record<string, string>) => decideAnswer("GET", headers, entity);

describe("decideAnswer", () => {
  it("answers 304 when If-None-Match names the tag, weakly compared, in a list, or any", () => {
    for (const tags of ['"abc"', 'W/"abc"', '"x", "abc"', "*"]) {
      expect(get({ "if-none-match": tags }).status, tags).toBe(304);
    }
    expect(get({ "if-none-match": '"abd", "ab"' }).status).toBe(200);
  });

  it("lets If-None-Match overrule If-Modified-Since (RFC 9110 §13.2.2)", () => {
    expect(get({ "if-none-match": '"other"', "if-modified-since": date }).status).toBe(200);
    expect(get({ "if-modified-since": date }).status).toBe(304);
    expect(get({ "if-modified-since": earlier }).status).toBe(200);
  });

  it("answers 412 when If-Match or If-Unmodified-Since no longer holds; If-Match compares strongly", () => {
    expect(get({ "if-match": '"abc"' }).status).toBe(200);
    expect(get({ "if-match": '"other"' }).status).toBe(412);
    expect(get({ "if-match": 'W/"abc"' }).status).toBe(412);
    expect(get({ "if-unmodified-since": earlier }).status).toBe(412);
    expect(get({ "if-unmodified-since": date }).status).toBe(200);
  });

  it("gives a range only when If-Range names exactly this entity", () => {
    const range = "bytes=10-19";
    const part = { status: 206, start: 10, end: 20 };
    expect(get({ range })).toEqual(part);
    expect(get({ range, "if-range": '"abc"' })).toEqual(part);
    expect(get({ range, "if-range": date })).toEqual(part);
    expect(get({ range, "if-range": '"other"' })).toEqual(whole);
    expect(get({ range, "if-range": 'W/"abc"' })).toEqual(whole);
    expect(get({ range, "if-range": earlier })).toEqual(whole);
    expect(get({ range, "if-range": "Tue, 24 Nov 2026 14:33:11 GMT" })).toEqual(whole);
  });

  it("heeds Range for GET only (RFC 9110 §14.2)", () => {
    expect(decideAnswer("HEAD", { range: "bytes=0-9" }, entity)).toEqual(whole);
  });

  it("answers 416 to a range past the end, and the whole to one that it does not understand", () => {
    expect(get({ range: "bytes=1000-" }).status).toBe(416);
    expect(get({ range: "bytes=-0" }).status).toBe(416);
    for (const range of ["bytes=5-4", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes", "bytes=1e1-"]) {
      expect(get({ range }), range).toEqual(whole);
    }
  });

  it("never answers with bytes outside the entity, whatever the headers say", () => {
    const header = fc.option(fc.oneof(fc.string(), fc.constantFrom('"abc"', "*", date, "bytes=0-", "bytes=-5")), {
      nil: undefined,
    });
    const names = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
    fc.assert(
      fc.property(fc.tuple(...names.map(() => header)), fc.nat(3), (values, length) => {
        const headers = Object.fromEntries(names.map((name, i) => [name, values[i]]));
        const { start, end } = decideAnswer("GET", headers, { ...entity, length });
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBeLessThanOrEqual(length);
      }),
    );
  });
});

describe("parseRange", () => {
  it("gives the bytes that a slice of the same first and last gives", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.option(fc.nat(60)), (length, first, last) => {
        const bytes = Array.from({ length }, (_, i) => i);
        const parsed = parseRange(`bytes=${first}-${last ?? ""}`, length);
        const expected = bytes.slice(first, last === null ? length : last + 1);
        if (last !== null && last < first) expect(parsed).toBeUndefined();
        else if (expected.length === 0) expect(parsed).toBe("unsatisfiable");
        else expect(parsed).toEqual({ start: first, end: first + expected.length });
      }),
    );
  });

  it("gives the last bytes for a suffix, all of them when it is longer than the entity", () => {
    expect(parseRange("bytes=-10", 1000)).toEqual({ start: 990, end: 1000 });
    expect(parseRange("bytes=-5000", 1000)).toEqual({ start: 0, end: 1000 });
    expect(parseRange("bytes=0-99999999999999999999", 1000)).toEqual({ start: 0, end: 1000 });
  });
});
