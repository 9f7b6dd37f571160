import { describe, expect, test } from "vitest";
import { account, type FoundFrame } from "./accounting.ts";
import type { SentByCamera, SentFrame, SentSession } from "./sent-log.ts";
import { checkSessions } from "./sessions-check.ts";
import { checkTimes } from "./time-check.ts";

const START_US = 1_795_000_000_000_000;
const FRAME_US = 40_000;
const GOP = 10;

function sessionOf(index: number, startUs: number): SentSession {
  return { index, transport: "tcp", startUs, unsentBytes: 0 };
}

/** Frames of one session, a keyframe every ten. */
function framesOf(session: SentSession, count: number): SentFrame[] {
  return Array.from({ length: count }, (_, i) => {
    const captureTimeUs = session.startUs + i * FRAME_US;
    const sha256 = `${session.index}-${i}`;
    return {
      session,
      n: i,
      isKeyframe: i % GOP === 0,
      captureTimeUs,
      sentAtUs: captureTimeUs + 1000,
      bytes: 5000,
      sha256,
      sha256WithoutParameterSets: `${sha256}-picture`,
      isSpoilt: false,
    };
  });
}

function sentOf(frames: SentFrame[], faults: SentByCamera["faults"] = []): SentByCamera {
  return { sessions: [...new Set(frames.map(({ session }) => session))], frames, faults };
}

function storedOf(frames: readonly SentFrame[]): FoundFrame[] {
  return frames.map(({ sha256, sha256WithoutParameterSets, isKeyframe, captureTimeUs }) => ({
    sha256,
    sha256WithoutParameterSets,
    isKeyframe,
    captureTimeUs,
  }));
}

const OPTIONS = { addsParameterSets: false, isGarbageFrame: () => false };

describe("the soak's accounting", () => {
  const session = sessionOf(0, START_US);
  const frames = framesOf(session, 100);
  const stored = storedOf(frames);

  test("has nothing to say when every frame is there once", () => {
    const result = account(sentOf(frames), stored, OPTIONS);
    expect(result).toMatchObject({ sent: 100, found: 100, doubled: 0, violations: [] });
  });

  test("tells of a frame that is lost, and of all when nothing was recorded", () => {
    expect(account(sentOf(frames), stored.toSpliced(50, 1), OPTIONS).violations).toEqual([
      expect.stringMatching(/^lost: session 0 frame 50 /),
    ]);
    expect(account(sentOf(frames), [], OPTIONS).violationCount).toBe(100);
  });

  test("tells of a frame that is there twice, out of order, or was never sent", () => {
    const twice = stored.toSpliced(51, 0, stored[50] as FoundFrame);
    expect(account(sentOf(frames), twice, OPTIONS)).toMatchObject({ doubled: 1, violationCount: 1 });
    const [a, b] = [stored[50] as FoundFrame, stored[51] as FoundFrame];
    const swapped = stored.toSpliced(50, 2, b, a);
    expect(account(sentOf(frames), swapped, OPTIONS).violations).toEqual([expect.stringMatching(/^out of order/)]);
    const foreign = { ...a, sha256: "x", sha256WithoutParameterSets: "y" };
    expect(account(sentOf(frames), stored.toSpliced(50, 0, foreign), OPTIONS).violations).toEqual([
      expect.stringMatching(/^not sent: behind session 0 frame 49 /),
    ]);
  });

  test("takes parameter sets that the recorder put in only where it is to", () => {
    const changed = stored.map((frame, i) => (i === 50 ? { ...frame, sha256: "with sets" } : frame));
    expect(account(sentOf(frames), changed, { ...OPTIONS, addsParameterSets: true }).violations).toEqual([]);
    expect(account(sentOf(frames), changed, OPTIONS).violationCount).toBe(2);
  });

  test("lets a spoilt frame be missing, or be there once as something else, and no more", () => {
    const spoilt = sentOf(frames.map((frame, i) => (i === 50 ? { ...frame, isSpoilt: true } : frame)));
    const without = stored.toSpliced(50, 1);
    const damaged = { ...(stored[50] as FoundFrame), sha256: "damaged", sha256WithoutParameterSets: "damaged" };
    expect(account(spoilt, without, OPTIONS)).toMatchObject({ violations: [], missing: { spoilt: 1 } });
    expect(account(spoilt, stored.toSpliced(50, 1, damaged), OPTIONS)).toMatchObject({ violations: [], keptSpoilt: 1 });
    expect(account(spoilt, stored.toSpliced(50, 1, damaged, damaged), OPTIONS).violationCount).toBe(1);
    expect(account(spoilt, without.toSpliced(20, 0, damaged), OPTIONS).violationCount).toBe(1);
  });

  test("lets frames before the first whole keyframe be missing, and none behind it", () => {
    const spoilt = sentOf(frames.map((frame, i) => (i === 0 ? { ...frame, isSpoilt: true } : frame)));
    expect(account(spoilt, stored.slice(GOP), OPTIONS)).toMatchObject({
      violations: [],
      missing: { spoilt: 1, "before keyframe": GOP - 1 },
    });
    expect(account(spoilt, stored.slice(GOP + 1), OPTIONS).violationCount).toBe(1);
  });

  test("at a cut lets as many bytes be missing as the camera's kernel had not taken", () => {
    const cut = { ...session, endUs: START_US + 100 * FRAME_US, endReason: "cut", unsentBytes: 12_000 };
    const sent = sentOf(framesOf(cut, 100));
    expect(account(sent, stored.slice(0, 97), OPTIONS)).toMatchObject({ violations: [], missing: { "at a cut": 3 } });
    expect(account(sent, stored.slice(0, 96), OPTIONS).violationCount).toBe(1);
  });

  test("when the recorder hangs up lets its last second be missing, at the very end only", () => {
    const ended = { ...session, endUs: START_US + 100 * FRAME_US, endReason: "teardown" };
    const sent = sentOf(framesOf(ended, 100));
    const result = account(sent, stored.slice(0, 80), OPTIONS);
    expect(result).toMatchObject({ violations: [], missing: { "at our own end": 20 } });
    expect(account(sent, stored.slice(0, 60), OPTIONS).violationCount).toBe(15);
    expect(account(sent, stored.toSpliced(95, 2), OPTIONS).violationCount).toBe(2);
  });

  test("lets frames within 128 KiB behind bare garbage be missing", () => {
    const sent = sentOf(frames.map((frame, i) => (i === 50 ? { ...frame, isSpoilt: true } : frame)));
    const options = { ...OPTIONS, isGarbageFrame: (frame: SentFrame) => frame.n === 50 };
    expect(account(sent, stored.toSpliced(50, 9), options).violations).toEqual([]);
    expect(account(sent, stored.toSpliced(50, 32), options).violationCount).toBe(7);
  });

  test("takes what was sent again in another session as sent again", () => {
    const again = sessionOf(1, START_US + 200 * FRAME_US);
    const repeated = frames.slice(90).map((frame) => ({ ...frame, session: again }));
    const sent = sentOf([...frames, ...repeated]);
    expect(account(sent, [...stored, ...stored.slice(90)], OPTIONS)).toMatchObject({ found: 110, violations: [] });
    expect(account(sent, [...stored, ...stored.slice(90), ...stored.slice(99)], OPTIONS).doubled).toBe(1);
  });
});

describe("the soak's judgement of times", () => {
  const session = sessionOf(0, START_US);
  const frames = framesOf(session, 100);
  const pairs = (errorUs: (i: number) => number) =>
    frames.map((sent, i) => ({
      sent,
      found: { ...(storedOf([sent])[0] as FoundFrame), captureTimeUs: sent.captureTimeUs + errorUs(i) },
    }));

  test("allows 100 ms, and no more", () => {
    expect(
      checkTimes(
        sentOf(frames),
        pairs(() => 99_000),
      ),
    ).toMatchObject({ undisturbed: 100, worstMs: 99, violations: [] });
    expect(
      checkTimes(
        sentOf(frames),
        pairs((i) => (i === 50 ? -103_000 : 0)),
      ).violations.length,
    ).toBe(1);
  });

  test("allows twice as much as the camera itself sent the first half second late, and no more", () => {
    const late = frames.map((frame) => ({ ...frame, sentAtUs: frame.captureTimeUs + 200_000 }));
    const off = (errorUs: number) =>
      late.map((sent, i) => ({ ...(pairs(() => errorUs)[i] as (typeof judged)[number]), sent }));
    const judged = pairs(() => 0);
    expect(checkTimes(sentOf(late), off(490_000))).toMatchObject({ undisturbed: 0, violations: [] });
    expect(checkTimes(sentOf(late), off(510_000)).violations.length).toBe(10);
  });

  test("allows a small jump of the camera's clock from then on, and no more", () => {
    const atUs = START_US + 50 * FRAME_US;
    const sent = sentOf(frames, [{ atUs, set: { clockJump: { ms: -300 } }, clear: [] }]);
    expect(
      checkTimes(
        sent,
        pairs((i) => (i >= 50 ? 390_000 : 0)),
      ).violations,
    ).toEqual([]);
    expect(
      checkTimes(
        sent,
        pairs((i) => (i === 99 ? 410_000 : 0)),
      ).violations.length,
    ).toBe(1);
    expect(
      checkTimes(
        sent,
        pairs((i) => (i === 10 ? 390_000 : 0)),
      ).violations.length,
    ).toBe(1);
  });

  test("after a large jump judges again from the next keyframe on", () => {
    const atUs = START_US + 30 * FRAME_US;
    const sent = sentOf(frames, [{ atUs, set: { clockJump: { ms: 9000 } }, clear: [] }]);
    expect(
      checkTimes(
        sent,
        pairs((i) => (i >= 30 && i < 70 ? 9_000_000 : 0)),
      ),
    ).toMatchObject({ violations: [], notJudged: 40 });
    expect(
      checkTimes(
        sent,
        pairs((i) => (i === 70 ? 353_000 : 0)),
      ).violations.length,
    ).toBe(1);
  });
});

describe("the soak's judgement of sessions", () => {
  const secondsUs = (seconds: number) => START_US + seconds * 1e6;
  const ended = (endReason: string, endUs: number): SentSession => ({ ...sessionOf(0, START_US), endReason, endUs });

  test("tells of a camera that was not asked again", () => {
    const sent = sentOf(framesOf(ended("cut", secondsUs(4)), 100));
    expect(checkSessions(sent, secondsUs(20))).toEqual([]);
    expect(checkSessions(sent, secondsUs(40))).toEqual([expect.stringMatching(/^not recorded for 36 s/)]);
    sent.faults.push({ atUs: secondsUs(4), set: { cut: { refuseForMs: 20_000 } }, clear: [] });
    expect(checkSessions(sent, secondsUs(40))).toEqual([]);
  });

  test("tells of a session that was ended though frames came", () => {
    expect(checkSessions(sentOf(framesOf(ended("teardown", secondsUs(4.5)), 100)), secondsUs(10)).length).toBe(1);
    expect(checkSessions(sentOf(framesOf(ended("teardown", secondsUs(9)), 100)), secondsUs(12))).toEqual([]);
  });
});
