import { expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../time/minute.ts";
import { Gaps } from "./gaps.ts";

const HOUR = 494_000;
const startMs = HOUR * HOUR_MS;
const nowMs = startMs + 100 * HOUR_MS;
const at = (minutes: number) => startMs + minutes * MINUTE_MS;
const span = (from: number, to: number) => ({ fromMs: at(from), toMs: at(to) });
const closeView = (fromMs: number, toMs: number) => ({ fromMs, toMs, widthPx: 1200 });

/** Gaps whose api answers with the parts of `spans` within the requested period, and what it requested, in hours. */
function gapsOf(spans: { fromMs: number; toMs: number }[]) {
  const asked: [string, number, number][] = [];
  const answer = { fails: false };
  const gaps = new Gaps(async (camera, fromMs, toMs) => {
    asked.push([camera, (fromMs - startMs) / HOUR_MS, (toMs - startMs) / HOUR_MS]);
    if (answer.fails) throw new Error("away");
    return spans
      .filter((each) => each.fromMs < toMs && each.toMs > fromMs)
      .map((each) => ({ fromMs: Math.max(fromMs, each.fromMs), toMs: Math.min(toMs, each.toMs) }));
  });
  return { gaps, asked, spans, answer };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("gaps are told to the millisecond, within a minute and over hours; hours side by side are read together, once", async () => {
  const { gaps, asked } = gapsOf([span(0, 10.5), span(11.1, 50), span(130, 180)]);
  for (let i = 0; i < 3; i++) {
    gaps.want(["yard"], closeView(at(1), at(170)), nowMs);
    await settled();
  }
  expect(asked).toEqual([["yard", 0, 3]]);
  expect(gaps.between("yard", at(0), at(60))).toEqual([span(10.5, 11.1), span(50, 60)]);
  expect(gaps.between("yard", at(50), at(180))).toEqual([span(50, 60), span(60, 120), span(120, 130)]);
  expect(gaps.between("yard", at(20), at(21))).toEqual([]);
  expect(gaps.between("door", at(0), at(60))).toEqual([]);
});

test("nothing is read while the view is too wide to show it", () => {
  const { gaps, asked } = gapsOf([]);
  gaps.want(["yard"], closeView(startMs - 12 * HOUR_MS, startMs + 12 * HOUR_MS), nowMs);
  expect(asked).toEqual([]);
});

test("after the newest footage there is no gap yet; when a minute comes, its hour is read anew", async () => {
  const spans = [span(0, 20)];
  const { gaps, asked } = gapsOf(spans);
  gaps.want(["yard"], closeView(at(0), at(60)), at(21));
  await settled();
  expect(gaps.between("yard", at(0), at(60))).toEqual([]);
  spans.push(span(20.5, 22));
  gaps.onMinute("yard", at(21));
  gaps.want(["yard"], closeView(at(0), at(60)), at(23));
  await settled();
  expect(asked).toHaveLength(2);
  expect(gaps.between("yard", at(0), at(60))).toEqual([span(20, 20.5)]);
});

test("what cannot be read is asked for again, not at once; what was read stays", async () => {
  const { gaps, asked, answer } = gapsOf([span(10, 60)]);
  gaps.want(["yard"], closeView(at(0), at(59)), nowMs);
  await settled();
  gaps.refresh();
  answer.fails = true;
  for (const laterMs of [0, 5000, 10_000]) {
    gaps.want(["yard"], closeView(at(0), at(59)), nowMs + laterMs);
    await settled();
  }
  expect(asked).toHaveLength(3);
  expect(gaps.between("yard", at(0), at(60))).toEqual([span(0, 10)]);
});
