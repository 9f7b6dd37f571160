import { expect, it } from "vitest";
import { formatInstant } from "./instant.ts";

it("an instant has six digits of a second, also where a part of a microsecond carries into the next one", () => {
  expect(formatInstant(1_999_999.4)).toBe("1970-01-01T00:00:01.999999Z");
  expect(formatInstant(1_999_999.6)).toBe("1970-01-01T00:00:02.000000Z");
  expect(formatInstant(-0.4e6)).toBe("1969-12-31T23:59:59.600000Z");
});
