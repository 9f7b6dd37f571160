import { expect, test, vi } from "vitest";
import type { Condition } from "../../../../../shared/health/condition.ts";
import type { ConditionList } from "../client/types.ts";
import { UTC_DAY_MS } from "../time/minute.ts";
import { ConditionSpans } from "./condition-spans.ts";

const SINCE = "2026-11-24T14:31:00.000Z";
const sinceMs = Date.parse(SINCE);
const dayMs = Math.floor(sinceMs / UTC_DAY_MS) * UTC_DAY_MS;
const FAR_MS = sinceMs + 99 * UTC_DAY_MS;
const refused: Condition = {
  id: "camera-not-recording",
  severity: "error",
  subject: "yard",
  since: SINCE,
  message: "not recording (refused)",
  advice: "",
};
const full: Condition = { ...refused, id: "disk-full", subject: "/data" };

/** ConditionSpans whose api answers with what is in `history`, and the periods that it requested, in days. */
function withHistory(history: ConditionList["conditions"] = []) {
  const asked: [number, number][] = [];
  const answer: Partial<ConditionList> = {};
  const spans = new ConditionSpans(async (fromMs, toMs) => {
    asked.push([(fromMs - dayMs) / UTC_DAY_MS, (toMs - dayMs) / UTC_DAY_MS]);
    const conditions = history.filter(
      ({ since, until }) => Date.parse(since) < toMs && Date.parse(until ?? "9999") > fromMs,
    );
    return { from: "", to: "", conditions, ...answer };
  });
  return { spans, asked, history, answer };
}

/** Long enough for a request to finish here. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

test("what is wrong lasts from when it began, with its camera or the system, until it is no longer told of", () => {
  const { spans } = withHistory();
  spans.follow([refused, full], sinceMs + 10_000);
  expect(spans.between("yard", sinceMs + 99_000, sinceMs + 99_001)).toMatchObject([{ condition: refused }]);
  expect(spans.between("front-door", 0, sinceMs + 99_000)).toEqual([]);
  expect(spans.between(undefined, 0, sinceMs + 99_000)).toMatchObject([{ condition: full, fromMs: sinceMs }]);
  spans.follow([full], sinceMs + 60_000);
  expect(spans.between("yard", sinceMs + 59_000, FAR_MS)).toHaveLength(1);
  expect(spans.between("yard", sinceMs + 60_000, FAR_MS)).toEqual([]);
  expect(spans.between(undefined, sinceMs + 60_000, FAR_MS)).toMatchObject([{ condition: full }]);
  expect(spans.between("yard", 0, sinceMs)).toEqual([]);
});

test("each day that is looked at is read once, days side by side together, and none of the future", async () => {
  const { spans, asked } = withHistory();
  const nowMs = dayMs + 5 * UTC_DAY_MS + 1;
  for (let i = 0; i < 3; i++) {
    spans.want(dayMs + 1, dayMs + UTC_DAY_MS + 1, nowMs);
    await settled();
  }
  spans.want(dayMs + 4 * UTC_DAY_MS, dayMs + 9 * UTC_DAY_MS, nowMs);
  await settled();
  spans.want(dayMs - 60 * UTC_DAY_MS, dayMs, nowMs);
  spans.want(dayMs - 60 * UTC_DAY_MS, dayMs, nowMs); // only one request at a time
  await settled();
  spans.want(dayMs - 60 * UTC_DAY_MS, dayMs, nowMs);
  await settled();
  expect(asked).toEqual([
    [0, 2],
    [4, 6],
    [-31, 0],
    [-60, -31],
  ]);
});

test("what has ended is told by the days on which it lasted, once, and read anew when another ends", async () => {
  const { advice: _, ...told } = refused;
  const long = { ...told, until: new Date(sinceMs + 2 * UTC_DAY_MS).toISOString() };
  const { spans, asked, history } = withHistory([long]);
  const changed = vi.fn();
  spans.subscribe(changed);
  const nowMs = dayMs + 3 * UTC_DAY_MS;
  spans.want(dayMs, nowMs, nowMs);
  await settled();
  expect(changed).toHaveBeenCalled();
  expect(spans.between("yard", 0, FAR_MS)).toEqual([
    { condition: told, fromMs: sinceMs, toMs: sinceMs + 2 * UTC_DAY_MS },
  ]);
  expect(spans.any).toBe(true);

  const since = new Date(dayMs + UTC_DAY_MS + 5000).toISOString();
  const late = { ...refused, since };
  spans.follow([late], nowMs);
  expect(spans.between("yard", nowMs + 1, FAR_MS)).toHaveLength(1);
  spans.follow([], nowMs + 20_000);
  // Until the history gives the end, it ends when it is no longer reported.
  expect(spans.between("yard", nowMs + 19_000, FAR_MS)).toHaveLength(1);
  history.push({ ...told, since, until: new Date(nowMs + 5000).toISOString() });
  spans.onEnd(late);
  spans.want(dayMs, nowMs, nowMs + 20_000);
  await settled();
  expect(asked).toEqual([
    [0, 4],
    [1, 4],
  ]);
  expect(spans.between("yard", 0, FAR_MS)).toHaveLength(2);
  expect(spans.between("yard", nowMs + 6000, FAR_MS)).toEqual([]);
});

test("what is known in part only is asked for again after a while, what was read staying, and all after a pause", async () => {
  const { advice: _, ...told } = refused;
  const { spans, asked, answer } = withHistory([{ ...told, until: new Date(sinceMs + 5000).toISOString() }]);
  answer.partial = true;
  let nowMs = sinceMs + 60_000;
  for (let i = 0; i < 5; i++) {
    spans.want(sinceMs, sinceMs + 1, nowMs);
    await settled();
    nowMs += 4000;
  }
  expect(asked).toHaveLength(2);
  expect(spans.between("yard", 0, FAR_MS)).toHaveLength(1);
  delete answer.partial;
  for (let i = 0; i < 5; i++) {
    spans.want(sinceMs, sinceMs + 1, nowMs);
    await settled();
    nowMs += 4000;
  }
  expect(asked).toHaveLength(3);
  spans.refresh();
  expect(spans.between("yard", 0, FAR_MS)).toHaveLength(1);
  spans.want(sinceMs, sinceMs + 1, nowMs);
  await settled();
  expect(asked).toHaveLength(4);
});
