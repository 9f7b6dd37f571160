import { beforeEach, describe, expect, it } from "vitest";
import type { ConditionEvent, Finding } from "./condition.ts";
import { HealthLedger } from "./ledger.ts";

const PATIENCE_MS = 15_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2026-11-24T14:33:00.000Z");

let ledger: HealthLedger;
let nowMs: number;

beforeEach(() => {
  ledger = new HealthLedger();
  nowMs = START_MS;
});

function finding(change: Partial<Finding> = {}): Finding {
  const words = { message: "not recording (refused)", advice: "see the camera" };
  return { id: "camera-not-recording", severity: "error", subject: "yard", ...words, ...change };
}

interface LookOptions {
  tells?: boolean;
  isUnknown?: boolean;
}

/** Advances the ledger once, then lets five seconds pass. */
function look(findings: Finding[], { tells = true, isUnknown = false }: LookOptions = {}): string[] {
  const { events } = ledger.advance({ findings, isUnknown: () => isUnknown, nowMs, patienceMs: PATIENCE_MS, tells });
  nowMs += 5000;
  return events.map(({ event }: ConditionEvent) => event);
}

/** Advances the ledger as often as it takes for `ms` to pass. */
function lookFor(ms: number, findings: Finding[], options?: LookOptions): string[] {
  const events: string[] = [];
  for (const endMs = nowMs + ms; nowMs < endMs; ) events.push(...look(findings, options));
  return events;
}

describe("HealthLedger", () => {
  it("begins a condition when it was found for as long as the patience, once, and ends it likewise", () => {
    expect(lookFor(PATIENCE_MS, [finding()])).toEqual([]);
    expect(ledger.conditions()).toEqual([]);
    expect(look([finding()])).toEqual(["began"]);
    expect(lookFor(HOUR_MS, [finding()])).toEqual([]);
    expect(lookFor(PATIENCE_MS, [])).toEqual([]);
    expect(ledger.conditions()).toHaveLength(1);
    expect(look([])).toEqual(["ended"]);
    expect(ledger.conditions()).toEqual([]);
    expect(lookFor(HOUR_MS, [])).toEqual([]);
  });

  it("has of what ended when it was not found any more, told or not, and nothing of what never began", () => {
    const known = { isUnknown: () => false, patienceMs: PATIENCE_MS, tells: false };
    const at = (seconds: number, findings: Finding[]) =>
      ledger.advance({ ...known, findings, nowMs: START_MS + seconds * 1000 }).ended;
    const since = "2026-11-24T14:32:30.000Z";
    const ahead = finding({ subject: "ahead", since: "2026-11-24T15:00:00.000Z" });
    const found = [finding({ since, message: "connecting" }), ahead];
    expect([
      at(0, found),
      at(16, [finding({ since }), ahead]),
      at(20, []),
      at(34, [finding({ subject: "b" })]),
    ]).toEqual([[], [], [], []]);
    const words = { id: "camera-not-recording", severity: "error", message: "not recording (refused)" };
    expect(at(36, [])).toEqual([
      { ...words, subject: "yard", since, until: "2026-11-24T14:33:20.000Z" },
      // It began by a clock that is ahead, so its end must not lie before that.
      { ...words, subject: "ahead", since: ahead.since, until: ahead.since },
    ]);
    expect(at(99, [])).toEqual([]);
  });

  it("says nothing of what is over within the patience, however often", () => {
    for (let i = 0; i < 100; i++) {
      expect(look([finding()])).toEqual([]);
      expect(look([finding()])).toEqual([]);
      expect(look([])).toEqual([]);
    }
    expect(ledger.entries).toEqual({});
  });

  it("keeps the time since which it is so, and takes newer words", () => {
    lookFor(20_000, [finding()]);
    look([finding({ since: "2026-11-24T15:00:00.000Z", message: "not recording (stalled)" })]);
    expect(ledger.conditions()).toEqual([
      {
        id: "camera-not-recording",
        severity: "error",
        subject: "yard",
        since: "2026-11-24T14:33:00.000Z",
        message: "not recording (stalled)",
        advice: "see the camera",
      },
    ]);
  });

  it("has it since when it is known to be so", () => {
    const since = "2026-11-24T14:31:02.411Z";
    lookFor(20_000, [finding({ since })]);
    expect(ledger.conditions()).toMatchObject([{ since }]);
  });

  it("begins at once what is settled", () => {
    expect(look([finding({ isSettled: true })])).toEqual(["began"]);
  });

  it("neither begins nor ends near a threshold", () => {
    expect(lookFor(HOUR_MS, [finding({ isNear: true })])).toEqual([]);
    expect(lookFor(20_000, [finding()])).toEqual(["began"]);
    expect(lookFor(HOUR_MS, [finding({ isNear: true })])).toEqual([]);
    expect(ledger.conditions()).toHaveLength(1);
    look([finding()]);
    expect(lookFor(20_000, [])).toEqual(["ended"]);
  });

  it("does not count the time near a threshold as time beyond it", () => {
    lookFor(10_000, [finding()]);
    look([finding({ isNear: true })]);
    expect(lookFor(15_000, [finding()])).toEqual([]);
  });

  it("makes one condition of what flaps, and tells of it twice, not every minute", () => {
    const events: string[] = [];
    for (let i = 0; i < 60; i++) events.push(...lookFor(20_000, [finding()]), ...lookFor(40_000, []));
    expect(events.length).toBeLessThanOrEqual(5);
    expect(
      events.filter((event) => event === "began").length - events.filter((event) => event === "ended").length,
    ).toBe(1);
    expect(lookFor(HOUR_MS, [])).toEqual(["ended"]);
  });

  it("is quick again after an hour of peace", () => {
    for (let i = 0; i < 4; i++) {
      lookFor(20_000, [finding()]);
      lookFor(10 * 60_000, []);
    }
    lookFor(2 * HOUR_MS, []);
    expect(ledger.entries).toEqual({});
    lookFor(20_000, [finding()]);
    expect(lookFor(20_000, [])).toEqual(["ended"]);
  });

  it("leaves as it is what cannot be seen", () => {
    lookFor(20_000, [finding()]);
    expect(lookFor(HOUR_MS, [], { isUnknown: true })).toEqual([]);
    expect(ledger.conditions()).toHaveLength(1);
    expect(lookFor(20_000, [])).toEqual(["ended"]);
  });

  it("tells those who come late of what has begun, and nobody of the end of what nobody was told", () => {
    expect(lookFor(60_000, [finding(), finding({ subject: "door" })], { tells: false })).toEqual([]);
    expect(lookFor(20_000, [finding()], { tells: false })).toEqual([]);
    expect(look([finding()])).toEqual(["began"]);
    expect(lookFor(20_000, [])).toEqual(["ended"]);
  });

  it("goes on where another ledger was, after everything was written down and read again", () => {
    lookFor(20_000, [finding()]);
    ledger = new HealthLedger(JSON.parse(JSON.stringify(ledger.entries)));
    expect(lookFor(HOUR_MS, [finding()])).toEqual([]);
    expect(lookFor(10_000, [])).toEqual([]);
    ledger = new HealthLedger(JSON.parse(JSON.stringify(ledger.entries)));
    expect(lookFor(10_000, [])).toEqual(["ended"]);
  });

  it("does not wait for an hour when the clock is set back by one", () => {
    lookFor(10_000, [finding()]);
    nowMs -= HOUR_MS;
    expect(lookFor(20_000, [finding()])).toEqual(["began"]);
    lookFor(10_000, []);
    nowMs -= HOUR_MS;
    expect(lookFor(20_000, [])).toEqual(["ended"]);
  });

  it("tells conditions apart by id, subject and detail, and puts errors and the oldest first", () => {
    const since = (minute: number) => `2026-11-24T14:${minute}:00.000Z`;
    const findings = [
      finding({ id: "disk-filling", severity: "warning", subject: "/a", since: since(10), isSettled: true }),
      finding({ id: "service-problem", subject: "reaper", detail: "one", since: since(30), isSettled: true }),
      finding({ id: "service-problem", subject: "reaper", detail: "two", since: since(20), isSettled: true }),
      finding({ subject: "a", since: since(40), isSettled: true }),
      finding({ subject: "b", since: since(50), isSettled: true }),
    ];
    expect(look(findings)).toHaveLength(5);
    expect(ledger.conditions().map((condition) => condition.since)).toEqual([20, 30, 40, 50, 10].map(since));
  });
});
