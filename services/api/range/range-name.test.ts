import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Problem } from "../http/problem.ts";
import { parseRangeName } from "./range-name.ts";

describe("a range's name", () => {
  it("is a camera and two minutes, both ends inclusive; days may have six digits", () => {
    const range = { camera: "back_yard-2", from: "20261124.1433", to: "20261125.0002" };
    expect(parseRangeName("back_yard-2.range.20261124.1433.to.20261125.0002.mp4")).toEqual(range);
    expect(parseRangeName("back_yard-2.range.261124.1433.to.261125.0002.mp4")).toEqual(range);
    expect(parseRangeName("yard.range.20261124.1433.to.20261124.1433.mp4")?.to).toBe("20261124.1433");
  });

  it.each([
    ["yard.range.20260231.1200.to.20260301.1200.mp4", "no minute of the calendar"],
    ["yard.range.20261124.1200.to.20261124.2460.mp4", "no minute of the calendar"],
    ["yard.range.20261124.1201.to.20261124.1200.mp4", "ends (20261124.1200) before it begins"],
    ["ya rd.range.20261124.1200.to.20261124.1200.mp4", "A camera's id"],
  ])("%s is refused with the reason", (name, reason) => {
    expect(() => parseRangeName(name)).toThrow(Problem);
    expect(() => parseRangeName(name)).toThrow(reason);
  });

  it("is nothing else, and only parsed ids and minutes come out, whatever comes in", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[a-z./%]{0,8}\.range\.\d{8}\.\d{4}\.to\.\d{8}\.\d{4}\.mp4$/)),
        (name) => {
          try {
            const range = parseRangeName(name);
            if (range === undefined) return;
            expect(range.camera).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
            expect(range.from <= range.to).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
          }
        },
      ),
    );
  });
});
