import { expect, test } from "vitest";
import type { Condition } from "../../../../../shared/health/condition.ts";
import { Troubles } from "./troubles.ts";

const SINCE = "2026-11-24T14:31:00.000Z";
const sinceMs = Date.parse(SINCE);
const refused: Condition = {
  id: "camera-not-recording",
  severity: "error",
  subject: "yard",
  since: SINCE,
  message: "not recording (refused)",
  advice: "",
};
const full: Condition = { ...refused, id: "disk-full", subject: "/data" };

test("what is wrong lasts from when it began, with its camera or the system, until it is no longer told of", () => {
  const troubles = new Troubles();
  troubles.follow([refused, full], sinceMs + 10_000);
  expect(troubles.between("yard", sinceMs + 99_000, sinceMs + 99_001)).toMatchObject([{ condition: refused }]);
  expect(troubles.between("front-door", 0, sinceMs + 99_000)).toEqual([]);
  expect(troubles.between(undefined, 0, sinceMs + 99_000)).toMatchObject([{ condition: full, fromMs: sinceMs }]);
  troubles.follow([full], sinceMs + 60_000);
  expect(troubles.at(["yard"], sinceMs + 59_000)).toHaveLength(2);
  expect(troubles.at(["yard"], sinceMs + 60_000)).toMatchObject([{ condition: full }]);
  expect(troubles.at(["yard"], sinceMs - 1)).toEqual([]);
});
