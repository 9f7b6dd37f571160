import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSessions } from "./recorded-session.ts";
import { mustEqual, receive } from "./session-targets.ts";
import { allTargets } from "./targets.ts";
import { Watchdog } from "./watchdog.ts";

/**
 * Gives the same inputs in every run, so that a failure comes from a change of the code. `npm run test:fuzz` tries
 * others.
 */
const SEED = 20_261_124;
const sessions = readSessions();
let watchdog: Watchdog;

beforeAll(() => {
  watchdog = new Watchdog();
});
afterAll(() => watchdog.stop());

describe("bad input: no crash, no hang, memory within bounds, documented errors only", { retry: 0 }, () => {
  test.each(allTargets(sessions))("$name", async (target) => {
    expect(await target.run({ seed: SEED, inputs: target.shortInputs, watchdog })).toBeUndefined();
  });
});

describe("a recorded session gives the same frames however it is cut into reads", () => {
  test.each(sessions)("$name", ({ bytes, pieces, videoChannel }) => {
    const frames = (part: Buffer, cuts: number[]) => receive(part, videoChannel, cuts);
    const whole = frames(bytes, []);
    expect(whole.frames.length).toBeGreaterThan(10);
    for (const step of [1, 2, 3, 7, 1460]) {
      const cuts = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => i * step);
      mustEqual(whole, frames(bytes, cuts));
    }
    // Two reads, divided at every byte of the messages and the first packets.
    const media = pieces.findIndex((piece) => piece.channel !== undefined);
    const beginning = bytes.subarray(0, pieces[media + 6]?.end);
    const expected = frames(beginning, []);
    for (let cut = 1; cut < beginning.length; cut++) mustEqual(expected, frames(beginning, [cut]));
  });
});
